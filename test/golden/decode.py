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
    ancillary = names[4 if b'RESI' in names[3:4] else 3:-1]
    assert ancillary == sorted(set(ancillary)) and all(name[:1].islower() for name in ancillary), 'order'
    return level, dict(chunks)


def read_head(data):
    r, head = Bytes(data), {}
    kind = r.u8(0, 2)
    head['color'] = head['alpha'] = 0
    head['kind'] = kind
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

    def ended(self):
        return self.at == len(self.data) + 3 and self.code < 2 ** 24

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
    assert d.ended(), 'goes on'
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


SQUASH = {}
power = 1.0
for position in range(2048):
    SQUASH[position] = floor(65536 / (1 + power) + 0.5)
    SQUASH[-position] = 65536 - SQUASH[position]
    SQUASH[position] = min(65535, SQUASH[position])
    power *= 0.9961013694701175
SQUASH[0] = 32768
STRETCH = [next((x for x in range(-2047, 2047) if SQUASH[x] >= 16 * p + 8), 2047) for p in range(4096)]


class MixedBits:
    def __init__(self, views, start):
        self.views, self.start = views, start
        self.contexts, self.weights = {}, {}

    def decode(self, d, contexts, weight_set):
        w = self.weights.setdefault(weight_set, [self.start] * self.views + [0])
        states = [self.contexts.setdefault((view,) + context, [2 ** 15, 0]) for view, context in enumerate(contexts)]
        s = [STRETCH[e >> 4] for e, _ in states] + [256]
        t = 16 * w[-1] + sum(s[i] * w[i] >> 4 for i in range(self.views))
        p = SQUASH[min(2047, max(-2047, t >> 12))]
        bit = d.decode(32 * p)
        error = (65536 * bit - p) * 6
        for i, si in enumerate(s):
            w[i] = min(2 ** 19, max(-2 ** 19, w[i] + (si * error + 2 ** 17 >> 18)))
        for state in states:
            e, n = state
            state[0] = e + (((65535 if bit else 0) - e) * (327680 // (10 * n + 16)) >> 15)
            state[1] = min(60, n + 1)
        return bit


LOW = 16384, 18674, 21982, 25532, 29441, 33872, 38948
HIGH = 16384, 14537, 16113, 19205, 22451, 25939, 29858
KINDS = 1, 2, 4, 3, 5, 6, 7
BOUNDS = 1, 2, 3, 5, 7, 10, 15, 22, 34, 60, 120
NEIGHBOURS = (-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)
NEAR = (-1, 0, 0), (0, -1, 0), (0, 0, -1)
EDGES = (-1, -1, 0), (1, -1, 0), (-1, 0, -1), (1, 0, -1), (0, -1, -1), (0, 1, -1)
FAR = (-2, 0, 0), (0, -2, 0), (0, 0, -2)


def class_of(value):
    return sum(bound <= value for bound in BOUNDS)


class Band:
    def __init__(self, level, kind, at, size, norm, halved_next):
        self.level, self.kind, self.at, self.size, self.norm, self.halved_next = level, kind, at, size, norm, halved_next
        self.q, self.bits = {}, {}

    def m(self, x, y, z):
        return min(255, abs(self.q.get((x, y, z), 0)))

    def around(self, places, x, y, z):
        return sum(self.m(x + i, y + j, z + k) for i, j, k in places)

    def up(self, place):
        return [v >> 1 if halved else v for v, halved in zip(place, self.halved_next)]


def bands_of(size):
    """The boxes that are split with their halved axes, finest first, and the bands in their order."""
    boxes, box = [], list(size)
    while len(boxes) < 6 and any(n >= 9 for n in box):
        boxes.append((box, [n >= 9 for n in box]))
        box = [(n + 1) // 2 if n >= 9 else n for n in box]
    depth, levels = [0, 0, 0], []
    for index, (before, halved) in enumerate(boxes):
        depth = [s + h for s, h in zip(depth, halved)]
        following = boxes[index + 1][1] if index + 1 < len(boxes) else [False] * 3
        level = []
        for kind in KINDS:
            high = [kind >> a & 1 for a in range(3)]
            if any(h and not halved[a] for a, h in enumerate(high)):
                continue
            at = [(before[a] + 1) // 2 if high[a] else 0 for a in range(3)]
            extent = [before[a] // 2 if high[a] else (before[a] + 1) // 2 if halved[a] else before[a] for a in range(3)]
            level.append(Band(index + 1, kind, at, extent, prod((HIGH if high[a] else LOW)[depth[a]] for a in range(3)), following))
        levels.append(level)
    low = Band(len(boxes), 0, [0, 0, 0], box, prod(LOW[s] for s in depth), [False] * 3)
    return boxes, [low] + [band for level in reversed(levels) for band in level]


class ResidualDecoder:
    def __init__(self, data):
        self.d = RangeDecoder(data)
        self.units = self.d.uniform(24)
        assert 64 <= self.units <= 65535 * 256, 'step'
        self.blocks, self.magnitudes = MixedBits(4, 21299), MixedBits(7, 12170)
        self.signs, self.rests = {}, [Context() for _ in range(30)]

    def block_bit(self, band, parent, siblings, first, end):
        place = tuple(v // 4 for v in first)
        def known(i, j, k):
            return band.bits.get((place[0] + i, place[1] + j, place[2] + k), 0)
        near = sum(known(*each) for each in NEAR)
        edges = sum(known(*each) for each in EDGES)
        def total(of, start, stop):
            return sum(of.m(x, y, z) for z in range(start[2], stop[2]) for y in range(start[1], stop[1]) for x in range(start[0], stop[0]))
        s = class_of(sum(total(sibling, first, end) for sibling in siblings))
        a = class_of(total(parent, band.up(first), [v + 1 for v in band.up([v - 1 for v in end])])) if parent else 0
        contexts = (near, s, a), (self.group, near, edges), (self.lev, a, s), (a, edges, near)
        bit = band.bits[place] = self.blocks.decode(self.d, contexts, self.group)
        return bit

    def coefficient(self, band, parent, siblings, x, y, z):
        near, edges, far = (band.around(places, x, y, z) for places in (NEAR, EDGES, FAR))
        above = above_near = 0
        if parent:
            px, py, pz = band.up((x, y, z))
            above = parent.m(px, py, pz)
            sides = (1 if x % 2 else -1, 0, 0), (0, 1 if y % 2 else -1, 0), (0, 0, 1 if z % 2 else -1)
            above_near = parent.around(NEIGHBOURS + sides, px, py, pz)
        beside = sum(sibling.m(x, y, z) for sibling in siblings)
        beside_near = sum(sibling.around(NEIGHBOURS, x, y, z) for sibling in siblings)
        a, c, q = class_of(2 * near + edges), class_of(2 * beside + beside_near), class_of(2 * above + above_near)
        total = 3 * near + 2 * edges + far + 2 * beside + beside_near + above + (above_near >> 1)
        t = total if total < 20 else 20 + 2 * class_of(total - 20)
        lev, group = self.lev, self.group
        ones = tuple(min(2, band.m(x + i, y + j, z + k)) for i, j, k in NEAR)
        views = (bin(band.kind).count('1'), a, q), (lev, a, c), ones + (min(3, above), min(3, beside)), (t, group), (lev, c, q), (class_of(edges), class_of(near)), (class_of(far), a)
        size = 0
        while size < 15 and self.magnitudes.decode(self.d, [(size,) + view for view in views], (size, group)):
            size += 1
        if size == 15:
            n = 0
            while self.d.adaptive(self.rests[n]):
                n += 1
                assert n <= 29, 'too large'
            size += 2 ** n - 1 + self.d.uniform(n)
        if size:
            before = [band.q.get((x + i, y + j, z + k), 0) for i, j, k in NEAR]
            context = self.signs.setdefault((band.kind,) + tuple((v > 0) - (v < 0) for v in before), Context())
            band.q[x, y, z] = -size if self.d.adaptive(context) else size

    def integers(self, bands):
        for number, band in enumerate(bands):
            self.lev = min(3, max(0, band.level - 1))
            self.group = 4 * self.lev + bin(band.kind).count('1')
            parent = next((each for each in bands if band.kind and each.kind == band.kind and each.level == band.level + 1), None)
            siblings = [each for each in bands[:number] if band.kind and each.kind and each.level == band.level][-3:]
            width, height, depth = band.size
            for z in range(0, depth, 4):
                for y in range(0, height, 4):
                    for x in range(0, width, 4):
                        end = min(x + 4, width), min(y + 4, height), min(z + 4, depth)
                        if band.kind and not self.block_bit(band, parent, siblings, (x, y, z), end):
                            continue
                        for k in range(z, end[2]):
                            for j in range(y, end[1]):
                                for i in range(x, end[0]):
                                    self.coefficient(band, parent, siblings, i, j, k)

    def brick(self, size):
        """What the samples of a brick have beyond the field, in 1/16, by place."""
        boxes, bands = bands_of(size)
        self.integers(bands)
        offsets = [[self.d.uniform(5) - 16 for _ in range(2)] for _ in range(len(boxes) + 1)]
        width, height, depth = size
        data = [0] * prod(size)
        for band in bands:
            step = max(1, floor(float(self.units * 2 ** 44) / band.norm + 0.5))
            for (x, y, z), q in band.q.items():
                value = min(2 ** 30, ((32 * abs(q) + offsets[band.level][abs(q) > 1]) * step + 1024) // 2048)
                data[x + band.at[0] + width * (y + band.at[1] + height * (z + band.at[2]))] = -value if q < 0 else value
        strides = 1, width, width * height
        for box, halved in reversed(boxes):
            for axis in (2, 1, 0):
                if halved[axis]:
                    n, (b, c) = box[axis], [a for a in range(3) if a != axis]
                    for start in (j * strides[b] + k * strides[c] for j in range(box[b]) for k in range(box[c])):
                        places = range(start, start + n * strides[axis], strides[axis])
                        data[places.start:places.stop:places.step] = unlift([data[place] for place in places])
        return data


def wrap(x):
    return (x + 2 ** 31) % 2 ** 32 - 2 ** 31


def unlift(halves):
    n = len(halves)
    line = [0] * n
    line[0::2], line[1::2] = halves[:(n + 1) // 2], halves[(n + 1) // 2:]
    for parity, factor in ((0, 29066), (1, 57862), (0, -3472), (1, -103950)):
        for i in range(parity, n, 2):
            around = line[i - 1 if i else 1] + line[i + 1 if i + 1 < n else n - 2]
            line[i] = wrap(line[i] - (factor * around + 32768 >> 16))
    return line


def parts(n):
    count = -(-n // 256)
    return [(k * n // count, (k + 1) * n // count) for k in range(count)]


def add_residual(data, samples, head):
    width, height, depth = head['size']
    channels, decoder = head['channels'], ResidualDecoder(data)
    for channel in range(channels):
        for z0, z1 in parts(depth):
            for y0, y1 in parts(height):
                for x0, x1 in parts(width):
                    values = iter(decoder.brick((x1 - x0, y1 - y0, z1 - z0)))
                    for z in range(z0, z1):
                        for y in range(y0, y1):
                            for x in range(x0, x1):
                                place = (x + width * (y + height * z)) * channels + channel
                                samples[place] = min(head['maximum'], max(0, samples[place] + (wrap(next(values) + 8) >> 4)))
    assert decoder.d.ended(), 'goes on'


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
    samples = []
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
            samples.append(sample(h, head['maximum']))
    if b'RESI' in chunks:
        assert head['kind'] == 1, 'header'
        add_residual(chunks[b'RESI'], samples, head)
    return head, struct.pack('<%d%s' % (len(samples), 'B' if head['maximum'] == 255 else 'H'), *samples)


if __name__ == '__main__':
    for name in sys.argv[1:]:
        with open(name, 'rb') as file:
            head, samples = decode(file.read())
        digest = hashlib.sha256(samples).hexdigest()
        print(name, digest, 'ok' if digest == head['sha256'] else 'differs')
