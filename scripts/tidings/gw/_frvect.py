"""Data of FrVect structures: the compression schemes of IGWD frame files (LIGO-T970130, appendix B)."""

from __future__ import annotations

import zlib

import numpy as np

from tidings.errors import InputError

# Type codes of FrVect; 8 (strings) is no time series.
DTYPES = {
    0: "i1",
    1: "i2",
    2: "f8",
    3: "f4",
    4: "i4",
    5: "i8",
    6: "c8",
    7: "c16",
    9: "u2",
    10: "u4",
    11: "u8",
    12: "u1",
}

_LITTLE_ENDIAN = 256
_RAW, _GZIP, _DIFF_GZIP, _ZERO_2, _ZERO_4, _ZERO_8 = 0, 1, 3, 5, 8, 10
# Word size in bytes and bits that code a block's width, of each zero-suppressing scheme.
_ZERO_SUPPRESS = {_ZERO_2: (2, 4), _ZERO_4: (4, 5), _ZERO_8: (8, 6)}


def expand(data: bytes, code: int, kind: int, size: int, order: str, where: str) -> np.ndarray:
    """Expand the data of one FrVect.

    Parameters
    ----------
    data : bytes
        As stored.
    code : int
        FrVect.compress: scheme, plus 256 if the compressed values are little-endian.
    kind : int
        FrVect.type.
    size : int
        FrVect.nData.
    order : str
        "<" or ">", byte order of the file, in which uncompressed data are stored.
    where : str
        File and channel, for messages.

    Returns
    -------
    numpy.ndarray
        Shape (size,), native byte order.

    Raises
    ------
    InputError
        If type or scheme is not known, or the data do not expand to `size` values.
    """
    if kind not in DTYPES:
        raise InputError(f"{where}: FrVect type {kind} is not numeric")
    scheme = code & ~_LITTLE_ENDIAN
    dtype = np.dtype(DTYPES[kind])
    stored = dtype.newbyteorder(order if scheme == _RAW else "<" if code & _LITTLE_ENDIAN else ">")
    if scheme == _RAW:
        return _values(data, stored, size, where).astype(dtype)
    if scheme in (_GZIP, _DIFF_GZIP):
        value = _values(_inflate(data, where), stored, size, where).astype(dtype)
        return value if scheme == _GZIP else _integrate(value, dtype, where)
    if scheme in _ZERO_SUPPRESS:
        width, _ = _ZERO_SUPPRESS[scheme]
        if dtype.itemsize != width or dtype.kind == "c":
            raise InputError(f"{where}: {width}-byte zero suppression of {dtype.name} is not defined")
        if stored.str[0] == ">":
            raise InputError(f"{where}: zero suppression written on a big-endian machine is not read")
        words = unpack_zero_suppressed(data, scheme, size, where)
        # Differences are of the words, also where these hold floats.
        return np.cumsum(words, dtype=words.dtype).view(dtype)
    raise InputError(f"{where}: compression scheme {scheme} is not one of T970130 (0, 1, 3, 5, 8, 10)")


def _values(data: bytes, stored: np.dtype, size: int, where: str) -> np.ndarray:
    if len(data) != size * stored.itemsize:
        raise InputError(
            f"{where}: {len(data)} bytes of data, expected {size * stored.itemsize}; fetch it again"
        )
    return np.frombuffer(data, stored)


def _inflate(data: bytes, where: str) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise InputError(
            f"{where}: the compressed data are damaged ({error}); fetch the file again"
        ) from None


def _integrate(value: np.ndarray, dtype: np.dtype, where: str) -> np.ndarray:
    """Undo differences between neighbours; sums wrap around at the word size, as the differences did."""
    if dtype.kind not in "iu":
        raise InputError(f"{where}: differences of {dtype.name} are not defined")
    return np.cumsum(value, dtype=dtype)


def unpack_zero_suppressed(data: bytes, scheme: int, size: int, where: str) -> np.ndarray:
    """Unpack the differences of a zero-suppressed vector.

    The data are the block size (16 bits), then for each block the code c of its width and, unless c = 0 (all
    zero), its values d in c + 1 bits each as d + 2^c - 1. Bits are counted from the lowest of the first byte.

    Returns
    -------
    numpy.ndarray
        Unsigned words of the scheme's size, shape (size,), modulo the word size.
    """
    width, code_bits = _ZERO_SUPPRESS[scheme]
    word = np.dtype(f"<u{width}")
    block = int.from_bytes(data[:2], "little")
    if len(data) < 2 or (size and not block):
        raise InputError(f"{where}: the zero-suppressed data have no block size; fetch the file again")
    positions, codes = _blocks(data, size, block, code_bits, where)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    out = np.zeros((len(codes), block), word)
    for code in np.unique(codes[codes > 0]):
        rows = np.flatnonzero(codes == code)
        n = int(code) + 1
        out[rows] = _read_words(bits, positions[rows], block, n, word) - word.type((1 << (n - 1)) - 1)
    return out.ravel()[:size]


def _blocks(data: bytes, size: int, block: int, code_bits: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Find bit position and width code of each block, walking from code to code."""
    positions, codes = [], []
    position, end, mask = 16, 8 * len(data), (1 << code_bits) - 1
    for first in range(0, size, block):
        if position + code_bits > end:
            raise InputError(f"{where}: the zero-suppressed data end early; fetch the file again")
        code = int.from_bytes(data[position >> 3 : (position >> 3) + 2], "little") >> (position & 7) & mask
        position += code_bits
        positions.append(position)
        codes.append(code)
        if code:
            position += (code + 1) * min(block, size - first)
    # The last word is padded: to 2 bytes at least, to the word at most.
    if position > end or end - position >= 128:
        raise InputError(
            f"{where}: the zero-suppressed data do not end with the last block; fetch the file again"
        )
    return np.array(positions, np.int64), np.array(codes, np.int64)


def _read_words(bits: np.ndarray, starts: np.ndarray, block: int, n: int, word: np.dtype) -> np.ndarray:
    """Read `block` numbers of n bits from each start; bits past the end (of a short last block) are zero."""
    index = starts[:, None] + np.arange(block * n)
    inside = index < len(bits)
    taken = np.where(inside, bits[np.minimum(index, len(bits) - 1)], 0).reshape(len(starts), block, n)
    weights = np.left_shift(word.type(1), np.arange(n).astype(word))
    return (taken.astype(word) * weights).sum(axis=2, dtype=word)
