// The words of coming in and of who may what, in Simplified Chinese. A part of index.ts, which says how all of them are written.
import type { Strings } from '../../strings';

const role = { view: '仅查看', edit: '可编辑', run: '可编辑' } as const;
/** `123456` as people read it aloud. */
const spaced = (code: string) => (code.length === 6 ? `${code.slice(0, 3)} ${code.slice(3)}` : code);

export const access: Strings['access'] = {
  pages: { label: '此文件夹', session: '会话', events: '事件', access: '访问权限' },

  card: {
    code: '加入码',
    spaced,
    codeUntil: (time) => `${time}更换`,
    noLink: '目前没有链接；新来的人只能请求加入。',
    makeLink: '新建链接',
    role: '通过链接加入的人',
    roles: [
      { value: 'view', label: '仅查看' },
      { value: 'edit', label: '可编辑' },
    ],
    until: '有效期至',
    ask: '任何人加入前都先问我',
    links: (n) => `${n}个链接`,
    fullScreen: '全屏',
  },

  poster: {
    label: (folder) => `如何加入“${folder}”`,
    open: '在浏览器中打开此地址',
    scan: '或扫描二维码',
    code: '然后输入加入码',
    codeUntil: (time) => `加入码将于${time}更换。`,
    print: '打印',
    close: '关闭',
  },

  links: {
    label: '链接',
    about: '共享卡片上显示的是最新的有效链接；加入码也会转到它。',
    none: '没有链接。共享文件夹时会创建一个。',
    make: '新建链接',
    unnamed: '链接',
    name: '名称，仅你可见',
    role: '权限',
    most: '人数上限',
    anyNumber: '不限',
    badMost: '输入1到999之间的数字，或留空。',
    until: '有效期至',
    create: '创建链接',
    save: '保存',
    cancel: '取消',
    copy: '复制链接',
    copyOf: (name) => `复制链接，${name}`,
    copied: '已复制',
    notCopied: '无法复制。',
    private: '共享文件夹期间有效',
    more: (name) => `${name}的更多操作`,
    show: '全屏显示',
    change: '更改',
    end: '停用此链接',
    present: '在共享卡片上',
    asks: '加入前先请求',
    by: (uses, most) => (most === null ? (uses ? `${uses}人通过它加入` : '还没有人通过它加入') : `已用${uses}个名额，共${most}个`),
    here: (n) => `现有${n}人`,
    ended: { revoked: '已收回', expired: '已过期', 'used-up': '名额已用完' },
    endHead: '停用此链接？',
    endText: (n) => `${n}人通过它加入，也会随之离开。`,
    keep: '保留',
    ending: '正在停用…',
    endAnyway: '停用链接',
  },

  until: {
    never: '我停止共享',
    hour: '1小时后',
    day: '24小时后',
    week: '7天后',
    at: (day, time) => `${day}${time}`,
    ends: (when) => `有效期至${when}`,
  },

  tokens: {
    label: 'API令牌',
    about: '供Jupyter客户端和脚本使用。每个令牌只能按其权限打开此文件夹，在文件夹共享期间和这台电脑上有效。',
    none: '还没有令牌。',
    name: '名称',
    make: '新建令牌',
    create: '创建令牌',
    end: '停用',
    endOf: (name) => `停用API令牌${name}`,
    made: (when) => `${when}创建`,
    used: (when) => `上次使用：${when}`,
    neverUsed: '从未使用',
    fresh: (name) => `${name}的令牌`,
    once: '现在就复制：它只显示这一次，之后谁也无法再次查看。',
    copy: '复制令牌',
    done: '完成',
  },

  devices: {
    label: '设备',
    about: '这些设备无需请求即可加入。',
    forget: '忘记',
    forgetOf: (name) => `忘记${name}的设备`,
    since: (when) => `${when}起`,
  },

  people: {
    more: (name) => `${name}的更多操作`,
    makeViewer: '改为仅查看',
    makeEditor: '改为可编辑',
    remove: '移出文件夹',
    endToken: '停用API令牌',
    removed: (when) => `${when}移出`,
    wasRemoved: (name) => `${name}已被移出`,
    letBack: '重新允许进入',
    letBackOf: (name) => `重新允许${name}进入`,
  },

  knock: {
    label: (name) => `${name}的请求`,
    asks: {
      join: (folder, wants) => `请求加入“${folder}”，${role[wants]}`,
      edit: (folder) => `请求在“${folder}”中编辑`,
      back: (folder, wants) => `请求重新加入“${folder}”，${role[wants]}`,
    },
    waiting: (n, of) => `第${n}个，共${of}个等待`,
    compare: '如果对方屏幕上显示同样的数字，就允许进入。',
    compareEdit: '对方屏幕上显示同样的数字。',
    letIn: '允许进入',
    letInView: '允许进入，仅查看',
    letEdit: '允许编辑',
    refuse: '拒绝',
    remember: '对此文件夹记住这台设备',
    said: (name, asks, code) => `${name}${asks}。数字：${code.split('').join(' ')}。按F6键答复。`,
    title: (name) => `${name}的请求`,
  },

  stranger: {
    title: '这里共享了一个文件夹',
    text: '输入主机屏幕上的加入码，或请求加入。',
    code: '加入码',
    go: '继续',
    checking: '正在查找…',
    noCode: '没有加入码，请求加入',
    asking: '主持人允许后，你就可以进入。',
    withCode: '输入加入码',
    badCode: '加入码不对。再看一眼主机屏幕。',
    sixDigits: '加入码是六位数字。',
    tooMany: '尝试次数太多。等待60秒。',
  },

  join: {
    once: { view: (host) => `${host}允许后，你就可以查看。`, edit: (host) => `${host}允许后，你就可以编辑。` },
    ask: '请求加入',
    asking: '正在请求…',
  },

  wait: {
    title: (host) => `正在等待${host}`,
    text: (host) => `${host}会看到同样的数字，然后允许你进入。你可以把它念出来。`,
    keep: '不要关闭此页面。它会自动继续。',
    asked: (time) => `${time}前请求`,
    stop: '取消请求',
    away: '主机目前没有响应。会自动重试。',
    code: (code) => `你的数字：${code.split('').join(' ')}`,
  },

  refused: {
    title: (host) => `${host}没有允许你进入`,
    text: (host) => `如果有误会，跟${host}说一声，然后再请求一次。`,
    again: '再次请求',
    otherCode: '输入另一个加入码',
  },

  over: {
    title: '没有人答复',
    text: (host) => `${host}可能不在屏幕前，或已停止共享。再请求一次，或输入加入码。`,
  },

  ended: {
    title: '此链接已失效',
    validUntil: (when) => `它的有效期至${when}。`,
    revoked: (when) => (when ? `它已于${when}被收回。` : '它已被收回。'),
    usedUp: '它的名额已用完。',
    unknown: '它已被收回或已过期。',
    then: (host) => `向${host}要一个新链接，或输入主机屏幕上的加入码。`,
    typeCode: '输入加入码',
  },

  removed: { back: '请求重新加入' },

  edit: {
    ask: '请求编辑',
    asking: '正在请求…',
    waiting: { head: '你已请求编辑。', text: (host, code) => `${host}会看到${code}并作出决定。在此期间可以继续阅读。` },
    stop: '取消请求',
    refused: { head: (host) => `${host}没有允许你编辑。`, text: '你可以查看和复制。' },
    over: { head: '没有人答复。', text: '你可以查看和复制。' },
    now: { head: '你现在可以编辑了。', text: '' },
    kept: (edits) => `${edits}未到主机；会在这里等到你可以编辑为止。`,
  },
};
