/**
 * PyTorch as a contender: every Python that has it (INR_BENCH_PYTHON, python3 on the path, the system's) runs bench/peers/siren.py and
 * answers requests, a line each. Between its turns it must not disturb others: its threads spin for a while after work, so a
 * pause follows each turn, outside of the measured time.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import script from '../peers/siren.py?raw';
import type { Contender } from './contender';
import { DEPTH } from './work';

const PAUSE_MILLISECONDS = 250;

interface Greeting {
  readonly version: string;
  readonly file: string;
  readonly threads: number;
  readonly blas: string;
  readonly cuda: string | null;
}

type Answer = Readonly<Record<string, unknown>>;

/** One running Python. */
class Python {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  /** Rejects when the program cannot be started. */
  readonly #failed: Promise<never>;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(program: string, threads: number) {
    this.#process = spawn(program, ['-c', script, String(threads)], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#failed = new Promise((_, reject) => this.#process.once('error', reject));
    this.#failed.catch(() => undefined);
    this.#process.stderr.resume();
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line; throws the error that Python reports, or that it ended. */
  async answer(): Promise<Answer> {
    const { value, done } = await Promise.race([this.#lines.next(), this.#failed]);
    if (done) throw new Error('it has no PyTorch, or ended early');
    const answer = JSON.parse(value) as Answer;
    if (typeof answer['error'] === 'string') throw new Error(answer['error']);
    return answer;
  }

  ask(request: object): Promise<Answer> {
    const answered = this.#tail.then(() => {
      this.#process.stdin.write(`${JSON.stringify(request)}\n`);
      return this.answer();
    });
    this.#tail = answered.catch(() => undefined);
    return answered;
  }

  close(): void {
    this.#process.kill();
  }
}

function contender(name: string, device: string, words: string, python: Python): Contender {
  return {
    name,
    device: words,
    emulated: false,
    async prepare(width, batch) {
      await python.ask({ prepare: { device, width, depth: DEPTH, batch } });
      return {
        async run(steps) {
          const { milliseconds } = await python.ask({ steps });
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
          return Number(milliseconds);
        },
        dispose: () => Promise.resolve(),
      };
    },
    close: () => python.close(),
  };
}

export interface TorchFound {
  readonly contenders: Contender[];
  readonly absent: { what: string; why: string }[];
}

/** Starts every PyTorch that there is; on a machine with CUDA each one also there, step by step and as a recorded graph. */
export async function findTorch(threads: number): Promise<TorchFound> {
  const programs = [process.env['INR_BENCH_PYTHON'], 'python3', '/usr/bin/python3'].filter((program): program is string => !!program);
  const contenders: Contender[] = [];
  const absent: TorchFound['absent'] = [];
  const seen = new Set<string>();
  for (const program of new Set(programs)) {
    const python = new Python(program, threads);
    try {
      const { version, file, threads: used, blas, cuda } = (await python.answer()) as unknown as Greeting;
      if (seen.has(file)) {
        python.close();
        continue;
      }
      seen.add(file);
      const words = `PyTorch ${version}, ${used} threads, ${blas}`;
      contenders.push(contender(`torch ${version}`, 'cpu', words, python));
      if (!cuda) continue;
      // A process each: a device has one step at a time.
      for (const device of ['cuda', 'cuda-graph']) {
        const other = new Python(program, threads);
        try {
          await other.answer();
          contenders.push(contender(`torch-${device} ${version}`, device, `PyTorch ${version}, ${cuda}, float32 without TF32`, other));
        } catch (error) {
          // The contenders before it go on.
          other.close();
          absent.push({ what: `torch-${device} ${version}`, why: String(error) });
        }
      }
    } catch (error) {
      python.close();
      absent.push({ what: `PyTorch in ${program}`, why: error instanceof Error ? error.message : String(error) });
    }
  }
  if (!contenders.some(({ name }) => name.startsWith('torch-cuda'))) absent.push({ what: 'PyTorch on CUDA', why: 'no PyTorch here sees a CUDA device' });
  return { contenders, absent };
}
