"""Write the frame files of this folder with FrameL, the frame library of Virgo (through ctypes).

Run it in an environment with lalsuite (PyPI), whose wheels bring libframel, h5py and numpy:

    python make_frames.py 8 && python make_frames.py 6

FrameL stamps a file with the time of writing, so the bytes differ from run to run; the values do not. The
file named GWOSC holds one second of GW150914 (source: data/README.md; CC BY 4.0), the others made-up numbers.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
SITE = Path(importlib.util.find_spec("lal").origin).parents[1]
FRAMEL = ctypes.CDLL(str(next((SITE / "lalsuite.libs").glob("libframel*"))))
POINTER, TEXT, INT, REAL = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double
TYPES = {
    "i1": 0, "i2": 1, "f8": 2, "f4": 3, "i4": 4, "i8": 5, "c8": 6, "c16": 7,
    "u2": 9, "u4": 10, "u8": 11, "u1": 12,
}  # fmt: skip
GPS, RATE, SIZE = 1000000000, 48.0, 96
BITS = "0:DATA 1:CBC_CAT1 2:CBC_CAT2 3:CBC_CAT3 4:BURST_CAT1 5:BURST_CAT2 6:BURST_CAT3"
INJECTION_BITS = "0:NO_CBC_HW_INJ 1:NO_BURST_HW_INJ 2:NO_DETCHAR_HW_INJ 3:NO_CW_HW_INJ 4:NO_STOCH_HW_INJ"


def call(name, result, *arguments):
    function = getattr(FRAMEL, name)
    function.restype, function.argtypes = result, [kind for kind, _ in arguments]
    return function(*(value for _, value in arguments))


def peek(address, offset, kind):
    return ctypes.cast(address + offset, ctypes.POINTER(kind))[0]


def poke(address, offset, kind, value):
    ctypes.cast(address + offset, ctypes.POINTER(kind))[0] = value


def fill(vector, x):
    ctypes.memmove(peek(vector, 40, POINTER), np.ascontiguousarray(x).ctypes.data, x.nbytes)


def vector(name, x, rate, unit, scheme):
    """Make an FrVect; returns it and the scheme that FrameL settled for."""
    made = call(
        "FrVectNew1D", POINTER, (TEXT, name.encode()), (INT, TYPES[x.dtype.str[1:]]), (ctypes.c_long, len(x)),
        (REAL, 1 / rate), (TEXT, b"second"), (TEXT, unit.encode()),
    )  # fmt: skip
    fill(made, x)
    call("FrVectCompress", None, (POINTER, made), (INT, scheme), (INT, 6))
    return made, peek(made, 16, ctypes.c_ushort)


def frame(gps, dt, number):
    made = call("FrameNew", POINTER, (TEXT, b"H1"))
    poke(made, 20, ctypes.c_uint, number)
    poke(made, 28, ctypes.c_uint, gps)
    poke(made, 32, ctypes.c_uint, 0)
    poke(made, 40, REAL, dt)
    return made


def write(path, frames):
    file = call("FrFileONew", POINTER, (TEXT, str(path).encode()), (INT, -1))
    for item in frames:
        call("FrameWrite", INT, (POINTER, item), (POINTER, file))
    call("FrFileOEnd", INT, (POINTER, file))


def samples(dtype, rng):
    """Two frames of numbers that grow and shrink, so that every width of zero suppression occurs."""
    kind = np.dtype(dtype)
    if kind.kind in "fc":
        walk = np.round(np.cumsum(rng.normal(size=2 * SIZE)), 2)
        return (walk + 1j * walk[::-1] if kind.kind == "c" else walk).astype(dtype)
    span = np.abs(np.sin(np.arange(2 * SIZE) / 40)) ** 3 * (np.iinfo(dtype).max / 2)
    x = rng.uniform(-1 if kind.kind == "i" else 0, 1, 2 * SIZE) * span
    x[SIZE // 2 : SIZE] = 0
    return x.astype(dtype)


def schemes(version):
    """All types and schemes as FrProcData, and one FrAdcData and FrSimData, in two frames of 2 s."""
    rng = np.random.default_rng(20150914)
    frames = [frame(GPS + 2 * number, 2.0, number) for number in range(2)]
    expected, codes = {}, {}
    for dtype in TYPES:
        for scheme in (0, 1, 3, 5, 8):
            x, name = samples(dtype, rng), f"H1:{dtype.upper()}-{scheme}"
            made = [vector(name, part, RATE, "strain", scheme) for part in (x[:SIZE], x[SIZE:])]
            # FrameL falls back to a simpler scheme, or to none, where one does not apply or save space.
            settled = [code for _, code in made]
            if settled in [codes[known] for known in codes if known.startswith(f"H1:{dtype.upper()}-")]:
                continue
            for item, (data, _) in zip(frames, made, strict=True):
                call("FrProcDataNewV", POINTER, (POINTER, item), (POINTER, data))
            expected[name], codes[name] = x, settled
    counts, simulated = samples("i2", rng), samples("f4", rng)
    for number, item in enumerate(frames):
        part = slice(SIZE * number, SIZE * (number + 1))
        adc = call(
            "FrAdcDataNew", POINTER, (POINTER, item), (TEXT, b"H1:ADC"), (REAL, RATE), (INT, SIZE), (INT, 16)
        )
        poke(adc, 68, ctypes.c_float, 2.0)
        poke(adc, 72, ctypes.c_float, 0.5)
        poke(adc, 96, REAL, 0.25)
        fill(peek(adc, 16, POINTER), counts[part])
        sim = call(
            "FrSimDataNew", POINTER, (POINTER, item), (TEXT, b"H1:SIM"), (REAL, RATE), (INT, SIZE), (INT, -32)
        )
        fill(peek(sim, 16, POINTER), simulated[part])
    expected["H1:ADC"], expected["H1:SIM"] = 2.0 + 0.5 * counts, simulated
    tag = "SCHEMES" if version == 8 else f"SCHEMES_V{version}"
    write(HERE / f"H-H1_{tag}-{GPS}-4.gwf", frames)
    if version == 8:
        known = {f"codes {name}": code for name, code in codes.items()}
        np.savez_compressed(HERE / "schemes.npz", **expected, **known)


def gwosc():
    """One second of GW150914 with channels as GWOSC names them."""
    gps = 1126259462
    source = HERE.parents[2] / "data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5"
    with h5py.File(source) as file:
        strain = file["strain/Strain"][16 * 4096 : 17 * 4096]
    item = frame(gps, 1.0, 0)
    for name, x, rate, unit in (
        ("STRAIN", strain, 4096.0, "strain"),
        ("DQMASK", np.array([127], "u4"), 1.0, BITS),
        ("INJMASK", np.array([31], "u4"), 1.0, INJECTION_BITS),
    ):
        made, _ = vector(f"H1:GWOSC-4KHZ_R1_{name}", x, rate, unit, 1)
        call("FrProcDataNewV", POINTER, (POINTER, item), (POINTER, made))
    write(HERE / f"H-H1_GWOSC_4KHZ_R1-{gps}-1.gwf", [item])


if __name__ == "__main__":
    # FrameL keeps the declarations of one version for the life of a process.
    wanted = int(sys.argv[1])
    ctypes.c_int.in_dll(FRAMEL, "FrFormatVersion").value = wanted
    schemes(wanted)
    if wanted == 8:
        gwosc()
