/** Starts the console in the browser. */
import { render } from 'preact';
import { App } from './app.tsx';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html lacks its #app');
render(<App />, root);
