/** Running child processes, for the scripts beside this file. Plain Node: it is used before anything is installed. */
import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and gives its exit code and everything it wrote.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, show?: boolean, shell?: boolean }} [options] timeout in
 *   milliseconds; show: its output also goes to this terminal, on stderr
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>}
 */
export function run(command, args, { cwd, env = process.env, timeout = 0, show = false, shell = false } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    const timer =
      timeout > 0 &&
      setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, timeout);
    const take = (data) => {
      output += data;
      if (show) process.stderr.write(data);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      clearTimeout(timer);
      done({ code: 127, output: `${output}${error.message}`, timedOut });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code: code ?? 1, output, timedOut });
    });
  });
}

/** Runs a JavaScript file with this very Node. */
export const runNode = (args, options) => run(process.execPath, args, options);
