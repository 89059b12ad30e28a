// Words about the network, in Simplified Chinese. A part of index.ts, which says how all of them are written.
import type { Strings } from '../../strings';

export const lan: Strings['lan'] = {
  network: '网络',
  on: (network) => `经由${network}`,
  called: {
    'wi-fi': () => 'Wi-Fi',
    wired: () => '以太网',
    other: (name) => name,
    vpn: (name) => `VPN ${name}`,
    virtual: (name) => `${name}，虚拟`,
  },
  allTheSame: (network) => `仍然在${network}上共享`,
  at: (network, address) => `${network}，${address}`,
  named: (name) => `或${name}`,
  namedHint: '大多数设备上也可以用这个名称。地址在所有设备上都可以用。',

  reach: {
    none: '还没有其他设备访问过。',
    from: (devices) => `已有${devices}台设备访问`,
    away: '现在没有设备能访问。',
    late: { head: '还没有设备访问。', text: '没有其他设备打开过此地址。' },
    wrong: '可能的原因',
    intro: '只有当其他设备打开此地址，才能确定它可以访问。如果打不开：',
  },

  wrong: {
    vpn: { head: '此地址属于VPN。', text: (other) => `在场的人一般不在其中。在这里改选${other}。` },
    virtual: { head: '此地址只供这台电脑上的程序使用。', text: (other) => `没有其他设备在那个网络上。在这里改选${other}。` },
    another: '另一个网络',
    network: {
      head: '另一台设备在同一网络上吗？',
      text: (network) => `这台电脑在${network}上共享。手机也要连接该网络，而不是使用移动数据。`,
    },
    apart: {
      head: '访客网络常常把设备互相隔开。',
      text: '学校、酒店和图书馆的网络大多如此。用手机打开热点，让所有设备都连接它。',
    },
    tunnel: { head: 'VPN可能会把地址引到别处。', text: '使用期间在两台设备上都关闭它，或在这里选择另一个网络。' },
    firewall: {
      head: '防火墙可能阻止了访问。',
      windows:
        '打开“Windows安全中心”›“防火墙和网络保护”›“允许应用通过防火墙”。为Commonplace勾选“专用”。如果此网络标为“公用”，在“设置”›“网络和Internet”中改为“专用”。',
      macos: '打开“系统设置”›“网络”›“防火墙”›“选项”。允许Commonplace的传入连接，并关闭“阻止所有传入连接”。',
      linux: '在终端中运行，视所用的防火墙而定：',
      other: (port) => `允许程序在端口${port}上接受连接。`,
      commands: (port) => [`sudo ufw allow ${port}/tcp`, `sudo firewall-cmd --add-port=${port}/tcp`],
    },
  },

  gone: {
    head: '网络已断开。',
    text: (network) => `${network}已关闭或没有连接。恢复后会自动继续共享。`,
  },
  moved: {
    head: '网络已更改。',
    text: (now, before) => `现在的地址是${now}；含有${before}的链接已打不开。发送新的链接。`,
  },

  nearby: {
    label: '附近',
    turn: '让其他人看到我，并列出他们',
    off: '开启后，你共享期间，同一网络上的人会看到你的名字和这台电脑的地址。',
    waiting: '共享文件夹后开始。',
    nobody: '附近没有其他人共享。',
    copy: (name, address) => `复制${name}的地址：${address}`,
    copied: '已复制。在浏览器中打开它。',
    notCopied: (address) => `在浏览器中输入${address}。`,
  },
};
