// Words about the network: which one, who reached us, what can be wrong, who else is on it. The rest is in index.ts.
import { count } from '../count';

export const lan = {
  network: 'Network',
  on: (network: string) => `on ${network}`,
  called: {
    'wi-fi': () => 'Wi-Fi',
    wired: () => 'Ethernet',
    other: (name: string) => name,
    vpn: (name: string) => `VPN ${name}`,
    virtual: (name: string) => `${name}, virtual`,
  },
  allTheSame: (network: string) => `Share on ${network} all the same`,
  at: (network: string, address: string) => `${network}, ${address}`,
  named: (name: string) => `or ${name}`,
  namedHint: 'On most devices the name works as well. The address works on all of them.',

  reach: {
    none: 'Not reached from another device yet.',
    from: (devices: number) => `Reached from ${count(devices, 'device')}`,
    away: 'Nobody reaches it now.',
    late: { head: 'Not reached yet.', text: 'No other device has opened this address.' },
    wrong: 'What can be wrong',
    intro: 'Only a device that opens the address proves that it is reachable. If one cannot:',
  },

  wrong: {
    vpn: {
      head: 'This address belongs to a VPN.',
      text: (other: string) => `People in the room are not on it, as a rule. Choose ${other} here.`,
    },
    virtual: {
      head: 'This address belongs to programs on this computer.',
      text: (other: string) => `No other device is on that network. Choose ${other} here.`,
    },
    another: 'another network',
    network: {
      head: 'Is the other device on the same network?',
      text: (network: string) => `This computer shares on ${network}. A phone must be on that network too, not on mobile data.`,
    },
    apart: {
      head: 'Guest networks often keep devices apart.',
      text: 'Those of schools, hotels and libraries mostly do. Open a hotspot on a phone and join it with all devices.',
    },
    tunnel: {
      head: 'A VPN may lead the address astray.',
      text: 'Switch it off on both devices for the session, or choose another network here.',
    },
    firewall: {
      head: 'The firewall may block it.',
      windows:
        'Open Windows Security › Firewall & network protection › Allow an app through firewall. Tick Commonplace for private networks. If this network is marked Public, change it to Private in Settings › Network & internet.',
      macos:
        'Open System Settings › Network › Firewall › Options. Allow incoming connections for Commonplace, and switch “Block all incoming connections” off.',
      linux: 'In a terminal, depending on which firewall is there:',
      other: (port: number) => `Let programs take connections on port ${port}.`,
      commands: (port: number) => [`sudo ufw allow ${port}/tcp`, `sudo firewall-cmd --add-port=${port}/tcp`],
    },
  },

  gone: {
    head: 'The network is away.',
    text: (network: string) => `${network} is off or has no connection. Sharing goes on by itself when it is back.`,
  },
  moved: {
    head: 'The network changed.',
    text: (now: string, before: string) => `The address is now ${now}; links with ${before} lead nowhere. Send the new one.`,
  },

  nearby: {
    label: 'Nearby',
    turn: 'Show me to others, and list them',
    off: 'While you share, others on the network would see your name and this computer’s address.',
    waiting: 'Begins when you share a folder.',
    nobody: 'Nobody else shares here.',
    copy: (name: string, address: string) => `Copy the address of ${name}: ${address}`,
    copied: 'Copied. Open it in a browser.',
    notCopied: (address: string) => `Type ${address} in a browser.`,
  },
};
