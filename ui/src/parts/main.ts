import { mount } from 'svelte';
import '../shared/base.css';
import App from './Parts.svelte';

mount(App, { target: document.body });
