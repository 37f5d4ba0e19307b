"""data.load gives the whole, true data set or says in one sentence why not, whatever became of the files."""

from __future__ import annotations

import errno
import functools
import gzip
import hashlib
import http.server
import importlib.resources
import os
import shutil
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from vqedu import data, files
from vqedu.data import cache, idx

# Counts of the digits 0..9, as in the published description of the database.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
SMALL = "t10k-labels-idx1-ubyte"
LARGE = "train-images-idx3-ubyte"
UNPACK = "from vqedu import cache; cache.mnist()"


def start_python(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def wrong_or_partial(raw: Path) -> list[str]:
    """Names under which a reader would find something else than the original file."""
    return [n for n, md5 in cache.MNIST_MD5.items() if (raw / n).exists() and md5_of(raw / n) != md5]


def temporaries(directory: Path) -> list[Path]:
    return list(directory.glob(".*.tmp"))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """A cache directory that is filled once; tests that harm a cache take a copy."""
    directory = tmp_path_factory.mktemp("unpacked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VQEDU_CACHE", str(directory))
        cache.mnist()
    return directory


@pytest.fixture
def full_cache(unpacked, monkeypatch):
    monkeypatch.setenv("VQEDU_CACHE", str(unpacked))
    return unpacked


@pytest.fixture
def own_cache(unpacked, tmp_path, monkeypatch):
    """A filled cache that a test may harm. Hard links: atomic_write never writes into an existing file."""
    raw = tmp_path / "cache" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in cache.MNIST_MD5:
        os.link(unpacked / "MNIST" / "raw" / name, raw / name)
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path / "cache"))
    return raw


@pytest.fixture
def incomplete_cache(own_cache):
    """A cache that lacks only its smallest file, so that a load must unpack that one."""
    (own_cache / SMALL).unlink()
    return own_cache


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "MNIST" / "raw"


@pytest.fixture(scope="session")
def mnist(unpacked):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VQEDU_CACHE", str(unpacked))
        return data.load()


# --- the data themselves


def test_shapes_and_types(mnist):
    for split, n in ((mnist.train, 60_000), (mnist.test, 10_000)):
        assert split.x.shape == (n, 1, 28, 28)
        assert split.x.dtype == torch.float32
        assert split.x.is_contiguous()
        assert split.y.shape == (n,)
        assert split.y.dtype == torch.int64
        assert split.x.min() == 0
        assert split.x.max() == 1


def test_mean_and_standard_deviation_are_the_published_ones(mnist):
    x = mnist.train.x
    mean = (x.sum(dtype=torch.float64) / x.numel()).item()
    square = (x.square().sum(dtype=torch.float64) / x.numel()).item()
    assert mean == pytest.approx(0.13066, abs=5e-6)
    assert (square - mean**2) ** 0.5 == pytest.approx(0.30811, abs=5e-6)


def test_label_counts_are_the_published_ones(mnist):
    assert mnist.train.y.bincount().tolist() == TRAIN_COUNTS
    assert mnist.test.y.bincount().tolist() == TEST_COUNTS


def test_every_pixel_is_its_byte_divided_by_255(mnist, full_cache):
    raw = np.fromfile(full_cache / "MNIST" / "raw" / LARGE, dtype=np.uint8, offset=16)
    expected = raw.astype(np.float32) / np.float32(255)
    assert np.array_equal(mnist.train.x.numpy().ravel(), expected)


def test_images_are_upright_and_belong_to_their_labels(mnist):
    """The first training digits are 5, 0, 4, 1, 9; the 1 at place 3 is taller than wide, the 0 has a hole."""
    assert mnist.train.y[:5].tolist() == [5, 0, 4, 1, 9]
    one, zero = mnist.train.x[3, 0] > 0.5, mnist.train.x[1, 0] > 0.5
    assert one.any(1).sum() > one.any(0).sum()
    assert not zero[13:15, 13:15].any()


def test_default_dtype_does_not_change_the_tensors(full_cache):
    torch.set_default_dtype(torch.float64)
    try:
        assert data.load().test.x.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_two_loads_share_no_memory(mnist, full_cache):
    again = data.load()
    again.test.x.zero_()
    assert mnist.test.x.max() == 1


def test_embedded_data_and_its_attribution_ship_with_the_package():
    assets = importlib.resources.files("vqedu.data") / "mnist"
    sizes = [len((assets / f"{name}.xz").read_bytes()) for name in cache.MNIST_MD5]
    assert sum(sizes) <= 12_000_000
    licence = (assets / "LICENSE.md").read_text(encoding="utf-8")
    assert all(word in licence for word in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0"))


# --- names and roots


@pytest.mark.parametrize(
    ("name", "meant"), [("minst", "'mnist'"), ("fashion_mnist", "'fashion-mnist'"), ("MNIST", "Known: ")]
)
def test_unknown_name_names_the_close_ones(name, meant):
    with pytest.raises(ValueError, match="no data set") as caught:
        data.load(name)
    assert meant in str(caught.value)


def test_name_of_wrong_type():
    with pytest.raises(TypeError, match="must be a string"):
        data.load(7)


@pytest.mark.parametrize("root", [7, b"here", ["here"], True])
def test_root_of_wrong_type(root):
    with pytest.raises(TypeError, match="root must be a path"):
        data.load("mnist", root=root)


def test_cache_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path))
    assert cache.directory() == tmp_path
    monkeypatch.setenv("VQEDU_CACHE", "~/course")
    assert cache.directory() == Path.home() / "course"
    monkeypatch.setenv("VQEDU_CACHE", "")
    unset = cache.directory()
    monkeypatch.delenv("VQEDU_CACHE")
    assert cache.directory() == unset
    assert unset.is_absolute()
    assert "vqedu" in unset.parts


# --- the cache: repaired or refused, never half read


def test_intact_cache_is_not_written(own_cache):
    before = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in own_cache.iterdir()}
    data.load()
    assert {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in own_cache.iterdir()} == before


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def extend(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *[(SMALL, harm) for harm in (truncate, empty, flip_one_bit, extend, Path.unlink)],
        (LARGE, truncate),
        (LARGE, flip_one_bit),
    ],
)
def test_harmed_file_is_repaired(own_cache, name, harm):
    path = own_cache / name
    original = path.read_bytes()
    path.unlink()  # the fixture's hard link must not carry the harm to the shared cache
    path.write_bytes(original)
    harm(path)
    assert not path.exists() or path.read_bytes() != original
    cache.mnist()
    assert path.read_bytes() == original
    assert not temporaries(own_cache)


def test_harmed_labels_never_reach_the_caller(own_cache):
    labels = (own_cache / SMALL).read_bytes()
    (own_cache / SMALL).unlink()
    (own_cache / SMALL).write_bytes(labels[:8] + labels[:7:-1])  # valid IDX, wrong labels
    assert data.load().test.y.bincount().tolist() == TEST_COUNTS
    assert data.load().test.y[:3].tolist() == list(labels[8:11])


def test_unpack_killed_before_the_rename(empty_cache):
    """SIGKILL while the temporary file is written and not yet renamed."""
    child = start_python(
        """
        import sys, time
        from vqedu import cache, files
        def stall(_):
            print("written", flush=True)
            time.sleep(60)
        files.os.fsync = stall
        cache.mnist()
        """
    )
    assert child.stdout.readline().strip() == "written"
    child.kill()
    assert child.wait() != 0
    child.stdout.close(), child.stderr.close()
    assert len(temporaries(empty_cache)) == 1
    assert list(empty_cache.iterdir()) == temporaries(empty_cache)
    assert data.load().train.y.bincount().tolist() == TRAIN_COUNTS


def test_unpack_killed_at_any_moment(empty_cache):
    """Kill the unpacking at four moments spread over its run: no file of a true name is ever partial."""
    begin = time.perf_counter()
    assert start_python(UNPACK).wait() == 0
    whole_s = time.perf_counter() - begin
    killed = 0
    for fifth in range(1, 5):
        shutil.rmtree(empty_cache, ignore_errors=True)
        child = start_python(UNPACK)
        time.sleep(whole_s * fifth / 5)
        child.kill()
        killed += child.wait() != 0
        assert not empty_cache.exists() or not wrong_or_partial(empty_cache)
    assert killed >= 2
    cache.mnist()
    assert {name: md5_of(empty_cache / name) for name in cache.MNIST_MD5} == cache.MNIST_MD5


def test_two_processes_at_once(empty_cache):
    children = [start_python(UNPACK) for _ in range(2)]
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert errors == ["", ""]
    assert [child.returncode for child in children] == [0, 0]
    assert {p.name: md5_of(p) for p in empty_cache.iterdir()} == cache.MNIST_MD5


def test_abandoned_temporary_files_are_removed(own_cache):
    old, young = (own_cache / f".{SMALL}.{digit * 16}.tmp" for digit in "ab")
    foreign = own_cache / ".somebody.elses.tmp"
    for path in (old, young, foreign):
        path.write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (time.time() - 3700,) * 2)
    cache.mnist()
    assert not old.exists()
    assert young.exists()  # its writer may be alive
    assert foreign.exists()


# --- a cache that cannot be written


def refusal() -> str:
    """The message of the CacheError that a load now ends with."""
    with pytest.raises(OSError, match="VQEDU_CACHE") as caught:
        data.load()
    assert isinstance(caught.value, cache.CacheError)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_file_where_the_directory_should_be(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path / "cache"))
    assert str(tmp_path / "cache") in refusal()


def test_directory_where_a_file_should_be(incomplete_cache):
    (incomplete_cache / SMALL).mkdir()
    assert str(incomplete_cache) in refusal()
    assert not temporaries(incomplete_cache)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind the administrator")
def test_read_only_directory(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path / "cache"))
    assert "Permission denied" in refusal()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_disk_full_or_read_only(incomplete_cache, monkeypatch, code):
    def fail(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", fail)
    assert os.strerror(code) in refusal()
    assert {path.name for path in incomplete_cache.iterdir()} == cache.MNIST_MD5.keys() - {SMALL}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a disk that is always full, is Linux's")
def test_disk_really_full(incomplete_cache, monkeypatch):
    monkeypatch.setattr(Path, "with_name", lambda self, name: Path("/dev/full"))
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode="r", *rest: real_open(self, mode.replace("x", "w"), *rest))
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)  # spare the device file
    assert os.strerror(errno.ENOSPC) in refusal()


def test_intact_cache_needs_no_writing(own_cache, monkeypatch):
    def fail(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(files.os, "fsync", fail)
    monkeypatch.setattr(files.os, "replace", fail)
    assert data.load().test.y.bincount().tolist() == TEST_COUNTS


def test_open_file_on_windows_that_another_process_has_put(incomplete_cache, unpacked, monkeypatch):
    """On Windows os.replace raises PermissionError while another process reads the file it has just put."""

    def refuse(source, target):
        shutil.copy(unpacked / "MNIST" / "raw" / Path(target).name, target)
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(files.os, "replace", refuse)
    monkeypatch.setattr(files, "PAUSES_S", ())
    assert data.load().test.y.bincount().tolist() == TEST_COUNTS
    assert not temporaries(incomplete_cache)


def test_open_file_on_windows_that_is_harmed(incomplete_cache, monkeypatch):
    def refuse(source, target):
        Path(target).write_bytes(b"half")
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(files.os, "replace", refuse)
    monkeypatch.setattr(files, "PAUSES_S", ())
    assert "Access is denied" in refusal()


def test_replace_waits_for_a_file_to_be_closed(tmp_path, monkeypatch):
    real_replace, refusals = os.replace, [PermissionError(), PermissionError()]

    def busy_twice(source, target):
        if refusals:
            raise refusals.pop()
        real_replace(source, target)

    monkeypatch.setattr(files.os, "replace", busy_twice)
    files.atomic_write(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"new"


@pytest.mark.parametrize("harm", [truncate, empty, flip_one_bit, Path.unlink])
def test_damaged_embedded_file(own_cache, tmp_path, monkeypatch, harm):
    copy = tmp_path / "assets"
    shutil.copytree(str(cache.EMBEDDED), copy)
    harm(copy / f"{SMALL}.xz")
    monkeypatch.setattr(cache, "EMBEDDED", copy)
    cache.mnist()  # an intact cache does not need it
    (own_cache / SMALL).unlink()
    assert f"{SMALL}.xz" in refusal()
    assert not (own_cache / SMALL).exists()


# --- atomic_write


def test_atomic_write_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint"
    files.atomic_write(path, b"old")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_atomic_write_into_an_absent_directory(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.atomic_write(tmp_path / "absent" / "f", b"")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_atomic_write_gives_the_mode_that_open_gives(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    files.atomic_write(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


# --- a learner's own files


def idx_file(array: np.ndarray) -> bytes:
    """The IDX format, written a second time: 0, 0, 8 (bytes), number of dimensions, sizes, bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def own_arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": generator.integers(0, 256, (7, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": generator.integers(0, 10, 7, dtype=np.uint8),
        "t10k-images-idx3-ubyte": generator.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": generator.integers(0, 10, 3, dtype=np.uint8),
    }


def put_own_files(raw: Path) -> Path:
    raw.mkdir(parents=True)
    for name, array in own_arrays().items():
        (raw / name).write_bytes(idx_file(array))
    return raw


def assert_own_images(images: data.Images) -> None:
    arrays = own_arrays()
    for split, prefix in ((images.train, "train"), (images.test, "t10k")):
        x = arrays[f"{prefix}-images-idx3-ubyte"][:, None] / np.float32(255)
        assert np.array_equal(split.x.numpy(), x)
        assert split.y.tolist() == arrays[f"{prefix}-labels-idx1-ubyte"].tolist()


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
@pytest.mark.parametrize("kind", [str, Path])
def test_own_files(tmp_path, name, folder, kind):
    put_own_files(tmp_path / folder / "raw")
    assert_own_images(data.load(name, root=kind(tmp_path)))


def test_fashion_mnist_without_root_is_looked_for_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VQEDU_CACHE", str(tmp_path))
    put_own_files(tmp_path / "FashionMNIST" / "raw")
    assert_own_images(data.load("fashion-mnist"))


def test_own_files_gzipped(tmp_path):
    raw = put_own_files(tmp_path / "FashionMNIST" / "raw")
    for name in (LARGE, SMALL):
        (raw / f"{name}.gz").write_bytes(gzip.compress((raw / name).read_bytes()))
        (raw / name).unlink()
    assert_own_images(data.load("fashion-mnist", root=tmp_path))


def test_truncated_gzipped_file(tmp_path):
    raw = put_own_files(tmp_path / "FashionMNIST" / "raw")
    packed = gzip.compress((raw / LARGE).read_bytes())
    (raw / LARGE).unlink()
    for content in (packed[:-20], b"<html>not found</html>", b""):
        (raw / f"{LARGE}.gz").write_bytes(content)
        with pytest.raises(ValueError, match=rf"{LARGE}(\.gz)? is truncated"):
            data.load("fashion-mnist", root=tmp_path)
        (raw / LARGE).unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_absent_files(tmp_path, name):
    raw = tmp_path / data.CLASS_NAMES[name] / "raw"
    with pytest.raises(FileNotFoundError) as caught:
        data.load(name, root=tmp_path)
    for part in (str(raw), *idx.names(), "Put these files there", "download=True"):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_one_absent_file_is_named_alone(tmp_path):
    raw = put_own_files(tmp_path / "MNIST" / "raw")
    (raw / SMALL).unlink()
    with pytest.raises(FileNotFoundError, match=f"no {SMALL}\\. Put"):
        data.load("mnist", root=tmp_path)


@pytest.mark.parametrize("name", list(cache.MNIST_MD5))
@pytest.mark.parametrize("keep", [0, 5, -1])
def test_truncated_own_file(tmp_path, name, keep):
    raw = put_own_files(tmp_path / "MNIST" / "raw")
    (raw / name).write_bytes((raw / name).read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"{name} is truncated"):
        data.load("mnist", root=tmp_path)


def test_own_file_longer_than_its_header_says(tmp_path):
    raw = put_own_files(tmp_path / "MNIST" / "raw")
    extend(raw / SMALL)
    with pytest.raises(ValueError, match="too long: its header promises 11 bytes, it has 12"):
        data.load("mnist", root=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (LARGE, b"<html>" + bytes(7000), "must begin with 2051"),
        (LARGE, idx_file(np.zeros((7, 32, 32), np.uint8)), "28 x 28 pixels, got 32 x 32"),
        (LARGE, idx_file(np.zeros((0, 28, 28), np.uint8)), "count of at least 1"),
        (LARGE, idx_file(np.zeros((6, 28, 28), np.uint8)), "6 images and 7 labels"),
        (SMALL, idx_file(np.zeros((3, 28, 28), np.uint8)), "must begin with 2049"),
    ],
)
def test_own_file_of_another_kind(tmp_path, name, content, message):
    raw = put_own_files(tmp_path / "MNIST" / "raw")
    (raw / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        data.load("mnist", root=tmp_path)


def test_old_copies_are_not_read_in_place_of_the_raw_files(tmp_path):
    put_own_files(tmp_path / "MNIST" / "raw")
    (tmp_path / "MNIST" / "processed").mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(1, 28, 28), torch.zeros(1)), tmp_path / "MNIST" / "processed" / name)
    with pytest.raises(ValueError, match=r"training\.pt"):
        data.load("mnist", root=tmp_path)


def test_real_fashion_mnist(tmp_path):
    """The whole data set as Debian ships it: ten classes of 6,000 and 1,000; first labels as published."""
    source = Path("/usr/share/datasets/fashion-mnist")
    if not source.is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in source.glob("*.gz"):
        shutil.copy(packed, raw)
    fashion = data.load("fashion-mnist", root=tmp_path)
    assert fashion.train.y.bincount().tolist() == [6000] * 10
    assert fashion.test.y.bincount().tolist() == [1000] * 10
    assert fashion.train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert fashion.train.x.numpy().mean(dtype=np.float64) == pytest.approx(0.28604, abs=5e-6)


# --- the download


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror on this machine that serves the small own files: (root to load into, served folder)."""
    datasets = pytest.importorskip("torchvision.datasets")
    served = tmp_path / "served"
    served.mkdir()
    resources = []
    for name, array in own_arrays().items():
        (served / f"{name}.gz").write_bytes(gzip.compress(idx_file(array)))
        resources.append((f"{name}.gz", md5_of(served / f"{name}.gz")))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    yield tmp_path / "root", served
    server.shutdown()
    server.server_close()


def test_download(mirror, capfd):
    root, _ = mirror
    assert_own_images(data.load("fashion-mnist", root=root, download=True))
    assert "100%" in capfd.readouterr().err  # torchvision's progress bar
    assert_own_images(data.load("fashion-mnist", root=root))


def test_present_files_are_not_downloaded(mirror):
    root, served = mirror
    put_own_files(root / "FashionMNIST" / "raw")
    shutil.rmtree(served)
    assert_own_images(data.load("fashion-mnist", root=root, download=True))


def test_partial_download_is_fetched_again(mirror):
    root, served = mirror
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / f"{LARGE}.gz").write_bytes((served / f"{LARGE}.gz").read_bytes()[:100])
    assert_own_images(data.load("fashion-mnist", root=root, download=True))


def failed_download(root: Path) -> str:
    with pytest.raises(ConnectionError) as caught:
        data.load("fashion-mnist", root=root, download=True)
    message = str(caught.value)
    assert caught.value.__suppress_context__
    assert "\n" not in message
    assert all(part in message for part in (str(root / "FashionMNIST" / "raw"), LARGE, "load again"))
    return message


def test_download_without_network(mirror, monkeypatch):
    import torchvision

    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    failed_download(mirror[0])


def test_download_of_an_altered_file(mirror):
    root, served = mirror
    flip_one_bit(served / f"{SMALL}.gz")
    assert "corrupted" in failed_download(root)
    assert not (root / "FashionMNIST" / "raw" / SMALL).exists()


def test_download_into_a_file(mirror):
    root, _ = mirror
    root.write_text("in the way")
    failed_download(root)


def test_silent_network_is_given_up(mirror, monkeypatch):
    """A server that accepts and says nothing; the time limit is put back afterwards."""
    import socket

    import torchvision

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [url])
        monkeypatch.setattr(data, "NETWORK_TIMEOUT_S", 0.2)
        assert "timed out" in failed_download(mirror[0])
    assert socket.getdefaulttimeout() is None


# --- torchvision


def test_mismatched_torchvision_is_one_sentence(tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        'raise RuntimeError("operator torchvision::nms does not exist")', encoding="utf-8"
    )
    child = start_python("from vqedu import data; data.load()", PYTHONPATH=str(tmp_path))
    _, error = child.communicate(timeout=60)
    assert child.returncode != 0
    assert error.count("Traceback") == 1  # `from None`: the cause's own trace is not shown
    sentence = error.strip().splitlines()[-1]
    assert sentence.startswith("ImportError: torchvision (")
    versions = [torch.__version__.split("+")[0], "operator torchvision::nms does not exist"]
    assert all(part in sentence for part in versions)
    assert "pip install --force-reinstall torch torchvision" in sentence


def test_absent_torchvision_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(data, "_installed", lambda package: "not installed")
    with pytest.raises(ImportError, match=r"torchvision \(not installed\)") as caught:
        data.load()
    assert caught.value.__suppress_context__
    assert "pip install" in str(caught.value)


def test_importing_data_does_not_import_torchvision():
    child = start_python("import sys; from vqedu import data; sys.exit('torchvision' in sys.modules)")
    assert child.wait() == 0
    child.stdout.close(), child.stderr.close()
