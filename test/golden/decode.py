#!/usr/bin/env python3
"""A second decoder of .inr files, written from docs/FORMAT.md alone and without any library: `decode.py FILE...`.

Prints one line for each file: its name, the SHA-256 of the samples that it decodes to, and `ok` or `differs` from the hash in
the file. Slow (about 3 million multiply-adds a second): it is here to find places where the page and the program differ.
"""
import hashlib
import struct
import sys
from ctypes import c_float
from math import floor, isfinite, prod


def f(x):
    """Rounds to binary32. Exact for one +, -, * or / of binary32 numbers computed in binary64."""
    return c_float(x).value


def bits_to_float(bits):
    return struct.unpack('<f', struct.pack('<I', bits))[0]


C0, C1, C2, C3, C4, INVERSE_PI = map(bits_to_float, (0x40490FDB, 0xC0A55DEA, 0x40233543, 0xBF193869, 0x3D9FC92A, 0x3EA2F983))
E1, E2, E3, E4, E5, E6 = map(bits_to_float, (0x3F317218, 0x3E75FDF0, 0x3D6357C8, 0x3C1D946E, 0x3AAF7E90, 0x3922D69A))
LOG2E, ROOT_LOG2E, ROOT_HALF_LOG2E = map(bits_to_float, (0x3FB8AA3B, 0x3F99BE61, 0x3F596D27))
GELU_LINEAR, GELU_CUBIC = map(bits_to_float, (0x40135761, 0x3DD2D3E8))


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert self.at + count <= len(self.data), 'truncated'
        self.at += count
        return self.data[self.at - count:self.at]

    def u8(self, least=0, most=255):
        value = self.take(1)[0]
        assert least <= value <= most, 'out of range'
        return value

    def int(self, least, most):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
        assert byte or not shift, 'superfluous byte'
        assert least <= value <= most, 'out of range'
        return value

    def f32(self, least=0.01):
        data = self.take(4)
        value, = struct.unpack('<f', data)
        assert f(least) <= value <= 1000 and data != b'\0\0\0\x80', 'out of range'
        return value

    def f64(self):
        data = self.take(8)
        value, = struct.unpack('<d', data)
        assert abs(value) < float('inf') and data != b'\0\0\0\0\0\0\0\x80', 'out of range'
        return value


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def chunks_of(data):
    reader = Bytes(data)
    assert reader.take(8) == b'\x89INR\r\n\x1a\n', 'magic'
    assert reader.take(2) == b'\x01\x00', 'version'
    level, chunks = reader.u8(1, 4), []
    while not chunks or chunks[-1][0] != b'TAIL':
        start = reader.at
        length = reader.int(0, 2 ** 35 - 1)
        chunks.append((reader.take(4), reader.take(length)))
        end = reader.at
        assert struct.unpack('<I', reader.take(4))[0] == crc32c(data[start:end]), 'checksum'
    assert reader.at == len(data), 'trailing'
    names = [name for name, _ in chunks]
    assert names[:3] == [b'HEAD', b'FELD', b'PARM'] and chunks[-1][1] == b'', 'order'
    ancillary = names[3:-1]
    assert ancillary == sorted(set(ancillary)) and all(name[:1].islower() for name in ancillary), 'order'
    return level, dict(chunks)


def read_head(data):
    r, head = Bytes(data), {}
    kind = r.u8(0, 2)
    head['color'] = head['alpha'] = 0
    head['size'] = [r.int(1, 2 ** 23 - 1) for _ in range(r.int(1, 4))]
    head['channels'] = r.int(1, 16)
    head['maximum'] = (255, 65535)[r.u8(0, 1)]
    if kind == 0:
        head['color'] = r.u8(0, 2)
        head['alpha'] = r.u8(0, 1)
    elif kind == 1:
        voxels = r.u8(0, 7)
        assert len(head['size']) == 3 and head['maximum'] == (255 if voxels < 2 else 65535), 'volume'
        lowest, highest = r.f64(), r.f64()
        assert lowest <= highest and highest - lowest < float('inf'), 'range'
        for _ in range(3):
            assert r.f64() > 0, 'spacing'
        for _ in range(3):
            r.f64()
        for _ in range(9):
            assert -1 <= r.f64() <= 1, 'direction'
        r.u8(0, 2)
        r.u8(0, 6)
    else:
        assert len(head['size']) == 3 and head['channels'] == 1 and head['maximum'] == 65535, 'surface'
        for _ in range(3):
            r.f64()
        assert r.f64() > 0, 'half extent'
        mode, thickness = r.u8(0, 1), r.f64()
        assert 0 <= thickness <= 2 and (mode == 0) == (thickness == 0), 'thickness'
        assert 1e-6 <= r.f64() <= 4, 'truncation'
        r.int(0, 2 ** 32 - 1)
        r.int(0, 2 ** 32 - 1)
    head['sha256'] = r.take(32).hex()
    assert r.at == len(data)
    return head


ENCODINGS = 'identity', 'octaves', 'fourier', 'dense grid', 'hash grid'
ACTIVATIONS = 'sine', 'relu', 'gelu', 'finer', 'gabor', 'gaussian', 'snake-alt'
HEADS = 'linear', 'sigmoid', 'tanh'


def read_field(data):
    r, field = Bytes(data), {}
    encoding = field['encoding'] = ENCODINGS[r.u8(0, 4)]
    if encoding == 'octaves':
        field['octaves'], field['includeInput'] = r.int(1, 16), r.u8(0, 1)
    if encoding == 'fourier':
        field['features'], field['sigma'], field['seed'] = r.int(4, 256), r.f32(), r.int(0, 2 ** 32 - 1)
    if 'grid' in encoding:
        field['levels'], field['features'], field['coarsest'], field['finest'] = r.int(1, 16), r.int(1, 16), r.int(2, 8192), r.int(2, 8192)
        assert field['levels'] == 1 or field['coarsest'] <= field['finest']
    field['tableLog2'] = r.int(4, 24) if encoding == 'hash grid' else None
    field['depth'], field['width'] = r.int(1, 12), 4 * r.int(1, 64)
    activation = field['activation'] = ACTIVATIONS[r.u8(0, 6)]
    if activation in ('sine', 'finer', 'gabor'):
        field['omega'] = r.f32(), r.f32()
    if activation == 'finer':
        r.f32(0)
    if activation == 'gabor':
        field['scale'] = r.f32()
    if activation == 'gaussian':
        field['bell'] = r.f32(0.001)
    variation = 0 if r.at == len(data) else r.u8(1, 5)
    field['head'], field['residual'] = HEADS[variation % 3], variation >= 3
    assert r.at == len(data)
    return field


def grid_levels(field, d):
    """(nodes along an axis, vectors, hashed) of each level."""
    levels, coarsest, finest = field['levels'], field['coarsest'], field['finest']
    result = []
    for level in range(levels):
        n = min(coarsest, finest)
        if levels == 1:
            n = coarsest
        else:
            goal = coarsest ** (levels - 1 - level) * finest ** level
            while (n + 1) ** (levels - 1) <= goal:
                n += 1
        table = n ** d if field['tableLog2'] is None else 2 ** field['tableLog2']
        result.append((n, min(n ** d, table), n ** d > table))
    return result


class Context:
    def __init__(self):
        self.fast = self.slow = 2 ** 21
        self.seen = 2


class RangeDecoder:
    def __init__(self, data):
        self.data, self.at = data, 0
        self.range, self.code = 2 ** 32 - 1, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        assert self.at < len(self.data) + 3, 'ends early'
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def decode(self, p):
        bound = self.range * p >> 21
        bit = self.code < bound
        if bit:
            self.range = bound
        else:
            self.code -= bound
            self.range -= bound
        while self.range < 2 ** 24:
            self.range <<= 8
            self.code = self.code << 8 | self.next()
        return int(bit)

    def uniform(self, count):
        value = 0
        for _ in range(count):
            value = 2 * value + self.decode(2 ** 20)
        return value

    def adaptive(self, c):
        bit = self.decode((c.fast + c.slow) // 4 or 1)
        fast_divisor = min(c.seen, 40)
        if bit:
            c.fast += (2 ** 22 - c.fast) // fast_divisor
            c.slow += (2 ** 22 - c.slow) // c.seen
        else:
            c.fast -= c.fast // fast_divisor
            c.slow -= c.slow // c.seen
        c.seen = min(c.seen + 1, 640)
        return bit

    def tree(self, contexts, base, count):
        node = 1
        for _ in range(count):
            node = 2 * node + self.adaptive(contexts[base + node])
        return node - 2 ** count


def read_parameters(data, table_lengths, shapes):
    """Tables, and dense layers as pairs (weights [fan-in * fan-out], biases)."""
    d = RangeDecoder(data)
    step_exponent, step_exact = [Context() for _ in range(256)], Context()
    groups = {name: ([Context() for _ in range(16)], [Context() for _ in range(64)]) for name in ('table', 'first', 'hidden', 'head', 'bias')}

    def tensor(group, length):
        classes, mantissas = group
        exponent = d.tree(step_exponent, 0, 8)
        if exponent == 0:
            return [0.0] * length
        mantissa = d.uniform(7) << 16
        if d.adaptive(step_exact):
            lower = d.uniform(16)
            assert lower, 'superfluous bits'
            mantissa += lower
        step = bits_to_float(exponent << 23 | mantissa)
        values = []
        for _ in range(length):
            n, q = d.tree(classes, 0, 4), 0
            if n:
                negative = d.uniform(1)
                a = min(2, n - 1)
                r = n - 1 - a
                q = 2 ** (n - 1) + d.tree(mantissas, 4 * n, a) * 2 ** r + d.uniform(r)
                q = -q if negative else q
            values.append(f(q * step))
        assert all(map(isfinite, values)) and any(values), 'overflow, or zeros with a step'
        return values

    tables = [tensor(groups['table'], length) for length in table_lengths]
    layers = []
    for index, (fan_in, fan_out) in enumerate(shapes):
        name = 'first' if index == 0 else 'head' if index == len(shapes) - 1 else 'hidden'
        layers.append((tensor(groups[name], fan_in * fan_out), tensor(groups['bias'], fan_out)))
    assert d.at == len(data) + 3 and d.code < 2 ** 24, 'goes on'
    return tables, layers


def sinpi(h):
    if not isfinite(h):
        return float('nan')
    t = round(h)
    r = f(h - t)
    u = f(r * r)
    p = f(f(C4 * u) + C3)
    p = f(f(p * u) + C2)
    p = f(f(p * u) + C1)
    p = f(f(p * u) + C0)
    p = f(p * r)
    return -p if t % 2 else p


def cospi(h):
    return sinpi(f(h + 0.5))


def exp2(t):
    if t < -126:
        return 0.0
    if not isfinite(t):
        return float('nan')
    n = round(t)
    r = f(t - n)
    p = E6
    for e in (E5, E4, E3, E2, E1, 1.0):
        p = f(f(p * r) + e)
    return p * 2.0 ** n


def activate(field, layer, z):
    kind = field['activation']
    if 'omega' in field:
        s = f(field['omega'][min(layer, 1)] * INVERSE_PI)
    if kind == 'sine':
        return sinpi(f(z * s))
    if kind == 'relu':
        return z if z > 0 else 0.0
    if kind == 'gelu':
        u = f(z * z)
        t = f(z * f(f(GELU_CUBIC * u) + GELU_LINEAR))
        e = exp2(-abs(t))
        g = f((e if t < 0 else 1) / f(1 + e))
        return f(z * g)
    if kind == 'finer':
        return sinpi(f(f(z * s) * f(abs(z) + 1)))
    if kind == 'gabor':
        b = f(z * f(field['scale'] * ROOT_LOG2E))
        return f(cospi(f(z * s)) * exp2(-f(b * b)))
    if kind == 'gaussian':
        b = f(z * f(ROOT_HALF_LOG2E / field['bell']))
        return exp2(-f(b * b))
    v = sinpi(f(z * INVERSE_PI))
    return f(f(0.5 * z) + f(v * v))


def head_of(kind, z):
    if kind == 'linear':
        return z
    k = LOG2E if kind == 'sigmoid' else 2 * LOG2E
    e = exp2(-abs(f(z * k)))
    m = f(f(1 - e) / f(1 + e))
    return -m if z < 0 else m


def pcg3d(a, b, c):
    mask = 0xFFFFFFFF
    x, y, z = ((v * 1664525 + 1013904223) & mask for v in (a, b, c))
    x = (x + y * z) & mask
    y = (y + z * x) & mask
    z = (z + x * y) & mask
    x, y, z = (v ^ v >> 16 for v in (x, y, z))
    return (x + y * z) & mask


def fourier_matrix(field, d):
    def entry(e):
        total = sum(pcg3d(field['seed'], 0x46465F42, 12 * e + draw) >> 16 for draw in range(12))
        return f((total - 393216) / 65536 * field['sigma'])
    return [[entry(j * d + i) for i in range(d)] for j in range(field['features'])]


PRIMES = 1, 2654435761, 805459861, 3674653429


def interpolate(field, tables, x):
    features, d = [], len(x)
    for (n, vectors, hashed), table in zip(grid_levels(field, d), tables):
        half = (n - 1) / 2
        cell, place = [], []
        for xi in x:
            h = f(f(half * xi) + half)
            c = min(max(floor(h), 0), n - 2)
            cell.append(c)
            place.append(f(h - c))
        level = [0.0] * field['features']
        for k in range(2 ** d):
            w, number = 1.0, 0
            for i in range(d):
                bit = k >> i & 1
                w = f(w * (place[i] if bit else f(1 - place[i])))
                node = cell[i] + bit
                number = number ^ node * PRIMES[i] & 0xFFFFFFFF if hashed else number + node * n ** i
            number %= vectors
            for j in range(field['features']):
                level[j] = f(level[j] + f(w * table[number * field['features'] + j]))
        features += level
    return features


def encode(field, matrix, tables, x):
    if field['encoding'] == 'identity':
        return x
    if 'grid' in field['encoding']:
        return interpolate(field, tables, x)
    if field['encoding'] == 'octaves':
        features = list(x) if field['includeInput'] else []
        for k in range(field['octaves']):
            for xi in x:
                features += [sinpi(xi * 2 ** k), cospi(xi * 2 ** k)]
        return features
    phases = []
    for row in matrix:
        h = f(x[0] * row[0])
        for xi, b in zip(x[1:], row[1:]):
            h = f(h + f(xi * b))
        phases.append(h)
    return [sinpi(h) for h in phases] + [cospi(h) for h in phases]


def sample(h, maximum):
    half = maximum / 2
    v = f(f(half * h) + half)
    v = v if v > 0 else 0
    return round(v if v < maximum else maximum)


def decode(data):
    """(head, samples as bytes)"""
    level, chunks = chunks_of(data)
    head, field = read_head(chunks[b'HEAD']), read_field(chunks[b'FELD'])
    size, channels = head['size'], head['channels']
    d = len(size)
    encoding, lengths = field['encoding'], []
    width = d
    if encoding == 'octaves':
        width = 2 * d * field['octaves'] + d * field['includeInput']
    elif encoding == 'fourier':
        width = 2 * field['features']
    elif 'grid' in encoding:
        lengths = [vectors * field['features'] for _, vectors, _ in grid_levels(field, d)]
        width = len(lengths) * field['features']
    shapes = []
    for index in range(field['depth'] + 1):
        shapes.append((width, channels if index == field['depth'] else field['width']))
        width = field['width']
    tables, layers = read_parameters(chunks[b'PARM'], lengths, shapes)
    assert level == 1 and prod(size) * sum(a * b for a, b in shapes) < 2 ** 28, 'too large for this decoder'
    assert (b'iccp' in chunks) == (head['color'] == 1) and (channels > 1 or not head['alpha']), 'header'

    matrix = fourier_matrix(field, d) if encoding == 'fourier' else None
    samples = bytearray()
    for point in range(prod(size)):
        x, rest = [], point
        for n in size:
            x.append(f((2 * (rest % n) + 1 - n) / n))
            rest //= n
        values, outputs = encode(field, matrix, tables, x), []
        for index, ((weights, biases), (fan_in, fan_out)) in enumerate(zip(layers, shapes)):
            result = []
            for o in range(fan_out):
                acc = biases[o]
                for i in range(fan_in):
                    acc = f(acc + f(values[i] * weights[i * fan_out + o]))
                if index < field['depth']:
                    acc = activate(field, index, acc)
                    if field['residual'] and index >= 2 and index % 2 == 0:
                        acc = f(0.5 * f(outputs[index - 2][o] + acc))
                else:
                    acc = head_of(field['head'], acc)
                result.append(acc)
            values = result
            outputs.append(values)
        for h in values:
            samples += struct.pack('<B' if head['maximum'] == 255 else '<H', sample(h, head['maximum']))
    return head, bytes(samples)


if __name__ == '__main__':
    for name in sys.argv[1:]:
        with open(name, 'rb') as file:
            head, samples = decode(file.read())
        digest = hashlib.sha256(samples).hexdigest()
        print(name, digest, 'ok' if digest == head['sha256'] else 'differs')
