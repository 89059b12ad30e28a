import { describe, expect, it } from 'vitest';
import type { Interface, InterfaceKind, Sharing } from '../../bindings/protocol';
import { nearbyNote, networkName, reasons, untilLate } from './network';

const one = (kind: InterfaceKind, name: string, address: string): Interface => ({ kind, name, address });
const wifi = one('wi-fi', 'wlp2s0', '192.168.1.20');
const cable = one('wired', 'enp3s0', '10.0.0.4');
const tunnel = one('vpn', 'tun0', '10.8.0.2');
const docker = one('virtual', 'docker0', '172.17.0.1');
const shared = (at: Interface): Sharing => ({
  interface: at,
  address: `${at.address}:8787/tides`,
  devices: 0,
  link: null,
  code: null,
  since: 1000,
  away: false,
  before: null,
  name: null,
});

describe('the network', () => {
  it('LAN-1 is called what it is, with its address where two are called the same', () => {
    const second = one('wi-fi', 'wlan1', '192.168.7.7');
    const name = (network: Interface) => networkName(network, [wifi, cable, tunnel, docker]);
    expect([wifi, cable, tunnel, docker].map(name)).toEqual(['Wi-Fi', 'Ethernet', 'VPN tun0', 'docker0, virtual']);
    expect(networkName(second, [wifi, second])).toBe('Wi-Fi, 192.168.7.7');
  });

  it('LAN-6 says what can be wrong, the wrong network first, and how this system’s firewall is opened', () => {
    const heads = (at: Interface, all: Interface[], system = 'linux') => reasons(shared(at), all, system, 8787).map((reason) => reason.head);
    expect(heads(wifi, [wifi])).toEqual([
      'Is the other device on the same network?',
      'Guest networks often keep devices apart.',
      'The firewall may block it.',
    ]);
    expect(heads(wifi, [wifi, tunnel])[2]).toBe('A VPN may lead the address astray.');
    expect(heads(cable, [cable])).not.toContain('Guest networks often keep devices apart.');
    expect(reasons(shared(tunnel), [wifi, tunnel], 'linux', 8787)[0]).toEqual({
      head: 'This address belongs to a VPN.',
      text: 'People in the room are not on it, as a rule. Choose Wi-Fi here.',
    });
    expect(reasons(shared(docker), [docker], 'linux', 8787)[0]?.text).toContain('Choose another network here.');

    const fix = (system: string) => reasons(shared(wifi), [wifi], system, 8800).at(-1);
    expect(fix('linux')?.commands).toEqual(['sudo ufw allow 8800/tcp', 'sudo firewall-cmd --add-port=8800/tcp']);
    expect(fix('windows')?.text).toContain('Windows Security');
    expect(fix('macos')?.text).toContain('System Settings');
    expect(fix('freebsd')?.text).toContain('8800');
  });

  it('LAN-6 gives others a minute before it asks what can be wrong', () => {
    expect([1000, 31_000, 61_000, 99_000].map((now) => untilLate(shared(wifi), now))).toEqual([60_000, 30_000, 0, 0]);
  });

  it('LAN-7 says what showing oneself means before it is chosen, and that it begins with sharing', () => {
    const host = { name: 'Priya', address: '192.168.1.31:8787', url: 'http://192.168.1.31:8787/' };
    expect(nearbyNote({ on: false, hosts: [], fault: null }, true)).toContain('would see your name');
    expect(nearbyNote({ on: true, hosts: [], fault: null }, false)).toBe('Begins when you share a folder.');
    expect(nearbyNote({ on: true, hosts: [], fault: null }, true)).toBe('Nobody else shares here.');
    expect(nearbyNote({ on: true, hosts: [host], fault: null }, true)).toBeUndefined();
    expect(nearbyNote({ on: true, hosts: [], fault: 'No.' }, true)).toBe('No.');
  });
});
