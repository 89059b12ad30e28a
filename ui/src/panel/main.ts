import '../shared/base.css';
import { speak } from '../shared/strings';

// Words first: components keep some in constants.
await speak();
const [{ mount }, { default: App }, { panelOverHttp }, { insideShell, shell }] = await Promise.all([
  import('svelte'),
  import('./App.svelte'),
  import('../shared/host/panel-http'),
  import('../shared/host/tauri'),
]);
const target = document.getElementById('app');
const host = insideShell() ? shell : panelOverHttp(new URL(location.href));
if (target) mount(App, { target, props: { host } });
