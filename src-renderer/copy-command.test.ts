import { describe, expect, it } from 'vitest';
import { presetById } from '#core/fit/presets';
import { fitCommand, inrName, shellWord } from './copy-command';
import { withValue } from './knobs';

const source = { inputName: 'photo.jpg', presetId: 'siren', config: presetById('siren').config, engine: 'auto' as const, seconds: null };

describe('copy as command', () => {
  it('is short when nothing was changed', () => {
    expect(fitCommand(source)).toBe('inr fit photo.jpg -o photo.inr --preset siren');
  });

  it('names what was changed, and only that', () => {
    let config = withValue(source.config, 'network.width', 32);
    config = withValue(config, 'plan.steps', 500);
    config = withValue(config, 'network.activation.omega0', 45);
    config = withValue(config, 'coding.bits', 7);
    expect(fitCommand({ ...source, config, engine: 'webgpu' })).toBe('inr fit photo.jpg -o photo.inr --preset siren --width 32 --omega0 45 --bits 7 --steps 500 --device gpu');
  });

  it('says another encoding in one word', () => {
    const config = withValue(withValue(source.config, 'network.encoding.kind', 'octaves'), 'network.activation.kind', 'relu');
    expect(fitCommand({ ...source, config })).toContain('--encoding octaves:8 --activation relu');
  });

  it('bounds by time instead of steps', () => {
    expect(fitCommand({ ...source, seconds: 60 })).toBe('inr fit photo.jpg -o photo.inr --preset siren --seconds 60');
  });

  it('writes a configuration file for what has no option', () => {
    const config = withValue(source.config, 'plan.optimizer.beta2', 0.95);
    const [first, json, end, last] = fitCommand({ ...source, config }).split('\n');
    expect(first).toBe("cat > photo.json <<'END'");
    expect(JSON.parse(json!)).toEqual(config);
    expect(end).toBe('END');
    expect(last).toBe('inr fit photo.jpg -o photo.inr --preset photo.json');
  });

  it('quotes names that a shell would take apart', () => {
    expect(shellWord("it's a photo.jpg")).toBe(`'it'\\''s a photo.jpg'`);
    expect(fitCommand({ ...source, inputName: '-rf.png' })).toContain('inr fit ./-rf.png -o ./-rf.inr ');
    expect(inrName('.hidden')).toBe('picture.inr');
  });
});
