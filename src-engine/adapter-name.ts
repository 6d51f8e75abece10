/** What a GPU adapter is called, and whether it computes on the CPU: by its own words, as browsers and Dawn give them. */

/** SwiftShader, Mesa's llvmpipe, lavapipe and softpipe, Windows' WARP ("Microsoft Basic Render Driver"). */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b|software/i;

export interface AdapterName {
  readonly name: string;
  readonly software: boolean;
}

/** Browsers give a vendor and an architecture only ('nvidia', 'ada-lovelace'); native adapters give the full name. */
export function adapterName(info: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description' | 'isFallbackAdapter'>): AdapterName {
  const words = [info.vendor, info.architecture, info.device, info.description].join(' ');
  if (/swiftshader/i.test(words)) return { name: 'SwiftShader (software)', software: true };
  const software = info.isFallbackAdapter || SOFTWARE.test(words);
  const readable = [info.device, info.description].find((text) => /[a-z]/i.test(text) && !/^0x/i.test(text));
  const name = readable ?? ([info.vendor, info.architecture].filter(Boolean).join(' ') || 'GPU');
  return { name: software ? `${name} (software)` : name, software };
}
