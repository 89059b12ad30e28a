import '../shared/base.css';
import { speak } from '../shared/strings';

await speak();
const [{ mount }, { default: App }] = await Promise.all([import('svelte'), import('./Parts.svelte')]);
mount(App, { target: document.body });
