import { render } from 'preact';
import './dashboard.css';
import { App } from './app';

render(<App />, document.getElementById('app')!);
