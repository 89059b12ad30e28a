import '../shared/base.css';
import { speak } from '../shared/strings';

// Words first: components keep some in constants.
await speak();
const [{ mount }, { default: App }] = await Promise.all([import('svelte'), import('./App.svelte')]);
mount(App, { target: document.getElementById('app') ?? document.body });
