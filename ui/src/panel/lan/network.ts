// Networks in words: what one is called, and what can keep another device from an address. Pure.
import type { Interface, Nearby, Sharing } from '../../bindings/protocol';
import { strings } from '../../shared/strings';

/** What a network is called, with its address where its name alone does not tell it from others. */
export function networkName(one: Interface, all: readonly Interface[]): string {
  const name = strings.lan.called[one.kind](one.name);
  const alike = all.filter((other) => strings.lan.called[other.kind](other.name) === name);
  return alike.length > 1 ? strings.lan.at(name, one.address) : name;
}

/** Something that may be wrong, and what to do about it; commands are for a terminal. */
export interface Reason {
  head: string;
  text: string;
  commands?: string[];
}

/** Why another device may not reach this address, the likeliest first. */
export function reasons(sharing: Sharing, all: readonly Interface[], system: string, port: number): Reason[] {
  const { interface: at } = sharing;
  const { wrong } = strings.lan;
  const real = all.find((one) => one.kind !== 'vpn' && one.kind !== 'virtual');
  const other = real ? networkName(real, all) : wrong.another;
  const astray = at.kind === 'vpn' || at.kind === 'virtual';
  const found: Reason[] = [];
  if (at.kind === 'vpn' || at.kind === 'virtual') found.push({ head: wrong[at.kind].head, text: wrong[at.kind].text(other) });
  found.push({ head: wrong.network.head, text: wrong.network.text(networkName(at, all)) });
  // A network by cable keeps nobody apart that way.
  if (at.kind !== 'wired') found.push(wrong.apart);
  if (!astray && all.some((one) => one.kind === 'vpn')) found.push(wrong.tunnel);
  found.push(firewall(system, port));
  return found;
}

function firewall(system: string, port: number): Reason {
  const { head, windows, macos, linux, other, commands } = strings.lan.wrong.firewall;
  switch (system) {
    case 'windows':
      return { head, text: windows };
    case 'macos':
      return { head, text: macos };
    case 'linux':
      return { head, text: linux, commands: commands(port) };
    default:
      return { head, text: other(port) };
  }
}

/** After so long without anybody, it is worth a look. */
export const PATIENCE = 60_000;

/** How long until nobody came for too long; 0: it is so. */
export function untilLate(sharing: Sharing, now: number): number {
  return Math.max(0, sharing.since + PATIENCE - now);
}

/** What to say below the list of hosts nearby; `undefined`: the list says it. */
export function nearbyNote(nearby: Nearby, sharing: boolean): string | undefined {
  if (!nearby.on) return strings.lan.nearby.off;
  if (nearby.fault !== null) return nearby.fault;
  if (!sharing) return strings.lan.nearby.waiting;
  return nearby.hosts.length ? undefined : strings.lan.nearby.nobody;
}
