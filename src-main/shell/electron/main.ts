/** Electron's entry. */
import * as electron from 'electron';
import { startShell } from './shell';

startShell(electron);
