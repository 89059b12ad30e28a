import { mount } from 'svelte';
import '../shared/base.css';
import { panelOverHttp } from '../shared/host/panel-http';
import { insideShell, shell } from '../shared/host/tauri';
import App from './App.svelte';

const target = document.getElementById('app');
const host = insideShell() ? shell : panelOverHttp(new URL(location.href));
if (target) mount(App, { target, props: { host } });
