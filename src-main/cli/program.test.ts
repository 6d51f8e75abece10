import { describe, expect, it } from 'vitest';
import { StudioError } from '#core/errors';
import { OPTION_NAMES } from '#core/fit/options';
import { WORD_OPTIONS, wordForms } from '#core/fit/option-words';
import { faultText, runCommandLine } from './program';
import { testTerminal } from './test-terminal';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = testTerminal();
  const code = await runCommandLine(args, terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}

describe('help', () => {
  it('shows commands, examples and exit codes when nothing or --help is given', async () => {
    const bare = await run();
    expect(bare.code).toBe(0);
    for (const name of ['fit', 'decode', 'eval', 'info', 'validate', 'compare', 'serve', 'presets', 'devices']) expect(bare.out).toMatch(new RegExp(`^ +${name} `, 'm'));
    expect(bare.out).toContain('Exit codes: 0 done');
    expect((await run('--help')).out).toBe(bare.out);
    expect((await run('help')).out).toBe(bare.out);
  });

  it('tells all options of a command, none wider than 110 columns', async () => {
    const { code, out } = await run('help', 'fit');
    expect(code).toBe(0);
    for (const name of ['--preset', '--device', '--lambda', '--target-bytes', '--target-psnr', '--threads', '--resume', '--json', '--save-config', '--no-residual', ...Object.values(OPTION_NAMES)]) {
      expect(out).toContain(name);
    }
    const words = out.replace(/\s+/g, ' ');
    for (const option of WORD_OPTIONS) for (const form of wordForms(option)) expect(words).toContain(form);
    expect(out.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });

  it('prints the version', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('usage errors', () => {
  it.each([
    [['fit'], 'required option|missing required argument'],
    [['fit', 'a.png'], "'-o, --output <file>'"],
    [['fit', 'a.png', '-o', 'a.inr', '--device', 'quantum'], 'Allowed choices are auto, gpu, cpu, tfjs'],
    [['fit', 'a.png', '-o', 'a.inr', '--steps', '12x'], 'It must be|It is not a number'],
    [['fit', 'a.png', '-o', 'a.inr', '--steps', '0'], 'whole number from 1'],
    [['fit', 'a.png', '-o', 'a.inr', '--steps', '1.5'], 'whole number'],
    [['fit', 'a.png', '-o', 'a.inr', '--seconds', '-3'], 'greater than 0'],
    [['fit', 'a.png', '-o', 'a.inr', '--target-bytes', '20k', '--target-psnr', '30'], 'cannot be used with'],
    [['fit', 'a.png', '-o', 'a.inr', '--lambda', '0.01', '--bits', '8'], 'cannot be used with'],
    [['fit', 'a.png', '-o', 'a.inr', '--target-ratio', '20', '--max-error', '3'], 'cannot be used with'],
    [['fit', 'a.png', '-o', 'a.inr', '--residual-step', '3'], '--residual-step: .*<=1'],
    [['fit', 'a.png', '-o', 'a.inr', '--width', '30'], '--width'],
    [['fit', 'a.png', '-o', 'a.inr', '--encoding', 'wavelet'], 'no such encoding'],
    [['fit', 'a.png', '-o', 'a.inr', '--preset', 'nothing'], 'There are siren'],
    [['fit', 'a.png', '-o', 'a.inr', '--preset', 'nerf', '--omega0', '20'], '--omega0 is not for ReLU layers'],
    [['fit', 'a.png', '-o', 'a.inr', '--activation', 'finer', '--gabor-scale', '2'], 'give --activation gabor'],
    [['fit', 'a.png', '-o', 'a.inr', '--activation', 'swish'], 'Allowed choices are sine, relu, gelu, finer'],
    [['fit', 'a.png', '-o', 'a.inr', '--encoding', 'hash-grid:8:2'], 'hash-grid:LEVELS:FEATURES:COARSEST:FINEST:LOG2'],
    [['fit', 'a.png', '-o', 'a.inr', '--loss', 'huber:9'], '--loss: .*<=1'],
    [['fit', 'a.png', '-o', 'a.inr', '--sampling', 'error:5'], 'error.:REFRESH:UNIFORM'],
    [['fit', 'a.png', '-o', 'a.inr', '--momentum', '0.9'], 'give --optimizer muon'],
    [['fit', 'a.png', '-o', 'a.inr', '--clip', 'never'], 'not a number'],
    [['fit', 'a.png', '-o', 'a.inr', '--average', '1'], '--average: .*<=0.99999'],
    [['fit', 'a.png', 'b.png', '-o', 'a.inr'], 'too many arguments'],
    [['decode', 'a.inr'], "'-o, --output <file>'"],
    [['decode', 'a.inr', '-o', 'a.xyz'], '.png'],
    [['eval', 'a.inr'], 'missing required argument'],
    [['compare', 'a.png', '--codecs', 'jpeg,gif'], 'no codec "gif"'],
    [['fti', 'a.png'], 'fit'],
    [['--nothing'], 'unknown option'],
  ])('%j is refused with exit code 2 and a sentence', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect(err).toMatch(new RegExp(message.replace(/[()]/g, '\\$&')));
    expect(err).toMatch(/^inr: /);
    expect(err).not.toMatch(/\n\s+at /);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

describe('faults', () => {
  it('are one line; a stack appears only when asked for', () => {
    const error = new StudioError('input', 'input.empty', 'a.png: it is empty.\nGive a picture.');
    expect(faultText(error, false)).toBe('inr: a.png: it is empty. Give a picture.\n');
    expect(faultText(error, true)).toContain('[input.empty]\n');
    expect(faultText(new Error('odd'), false)).toMatch(/^inr: odd\. This is a fault of inr itself: INR_DEBUG=1/);
  });

  it('of a missing input are exit code 3 and name the file', async () => {
    const { code, err } = await run('info', '/nowhere/none.inr');
    expect(code).toBe(3);
    expect(err).toBe('inr: /nowhere/none.inr: there is no such file. Check the name.\n');
  });
});

describe('devices', () => {
  it('are listed with every fact of theirs', async () => {
    const list = JSON.parse((await run('devices', '--json')).out) as { engine: string; details?: Record<string, unknown> }[];
    expect(list.map(({ engine }) => engine)).toEqual(['webgpu', 'cpu', 'tfjs']);
    const { out } = await run('devices');
    for (const fact of Object.keys(list[1]!.details!)) expect(out).toContain(fact);
  });
});

describe('presets', () => {
  it('are listed for people and for programs', async () => {
    expect((await run('presets')).out).toMatch(/siren \(default for pictures\)/);
    const list = JSON.parse((await run('presets', '--json')).out) as { id: string; default: boolean }[];
    expect(list.filter((each) => each.default).map((each) => each.id)).toEqual(['siren', 'volume', 'surface']);
  });
});
