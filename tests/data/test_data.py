"""data.load gives the whole, true data set or says in one sentence why not, whatever happened to the files."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from tests.benchmarks.pack_mnist import pack
from tests.data.idx_files import NAMES, arrays_of, idx_file, write
from vqedu import data
from vqedu.data import download

# Counts of the digits 0..9, as in the published description of the database.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
# MD5 of the four files of the original release, unpacked.
ORIGINAL_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
SMALL = "t10k-labels-idx1-ubyte"
LARGE = "train-images-idx3-ubyte"


@pytest.fixture(scope="module")
def mnist() -> data.Images:
    return data.load()


# --- the embedded MNIST


def test_shapes_and_types(mnist: data.Images) -> None:
    for split, n in ((mnist.train, 60_000), (mnist.test, 10_000)):
        assert split.x.shape == (n, 1, 28, 28)
        assert split.x.dtype == torch.float32
        assert split.x.is_contiguous()
        assert split.y.shape == (n,)
        assert split.y.dtype == torch.int64
        assert split.x.min() == 0
        assert split.x.max() == 1


def test_mean_and_standard_deviation_are_the_published_ones(mnist: data.Images) -> None:
    x = mnist.train.x
    mean = (x.sum(dtype=torch.float64) / x.numel()).item()
    square = (x.square().sum(dtype=torch.float64) / x.numel()).item()
    assert mean == pytest.approx(0.13066, abs=5e-6)
    assert (square - mean**2) ** 0.5 == pytest.approx(0.30811, abs=5e-6)


def test_label_counts_are_the_published_ones(mnist: data.Images) -> None:
    assert mnist.train.y.bincount().tolist() == TRAIN_COUNTS
    assert mnist.test.y.bincount().tolist() == TEST_COUNTS


def test_images_are_upright_and_belong_to_their_labels(mnist: data.Images) -> None:
    """The first training digits are 5, 0, 4, 1, 9; the 1 at place 3 is taller than wide, the 0 has a hole."""
    assert mnist.train.y[:5].tolist() == [5, 0, 4, 1, 9]
    one, zero = mnist.train.x[3, 0] > 0.5, mnist.train.x[1, 0] > 0.5
    assert one.any(1).sum() > one.any(0).sum()
    assert not zero[13:15, 13:15].any()


def test_it_is_the_original_release_and_torchvision_reads_the_same(mnist: data.Images, tmp_path: Path) -> None:
    """Written out as IDX files, it has the original checksums, and each pixel is its byte divided by 255."""
    raw = write(tmp_path / "MNIST" / "raw", arrays_of(mnist))
    assert {name: md5_of(raw / name) for name in NAMES} == ORIGINAL_MD5
    for split, train in ((mnist.train, True), (mnist.test, False)):
        theirs = datasets.MNIST(str(tmp_path), train=train)
        assert torch.equal(split.x[:, 0], theirs.data.to(torch.float32) / 255)
        assert torch.equal(split.y, theirs.targets)


def test_default_dtype_does_not_change_the_tensors() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert data.load().test.x.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_two_loads_share_no_memory(mnist: data.Images) -> None:
    data.load().test.x.zero_()
    assert mnist.test.x.max() == 1


def test_it_is_one_file_with_its_attribution() -> None:
    assert len(data.EMBEDDED.read_bytes()) <= 11_500_000
    license = (Path(str(data.EMBEDDED)).parent / "LICENSE.md").read_text(encoding="utf-8")
    assert all(word in license for word in ("mnist.npz", "LeCun", "Cortes", "Burges", "CC BY-SA 3.0"))


def test_the_recipe_packs_what_the_files_contain(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", own_arrays())
    sha256 = pack(folder, tmp_path / "packed.npz")
    packed = np.load(tmp_path / "packed.npz")
    assert set(packed) == set(np.load(str(data.EMBEDDED)))
    keys = ("train_images", "train_labels", "test_images", "test_labels")
    assert all(np.array_equal(packed[key], array) for key, array in zip(keys, own_arrays().values(), strict=True))
    assert sha256 == hashlib.sha256((tmp_path / "packed.npz").read_bytes()).hexdigest()


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


@pytest.mark.parametrize("harm", [truncate, empty, flip_one_bit, extend, Path.unlink])
def test_a_damaged_package_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None]
) -> None:
    copy = tmp_path / "mnist.npz"
    copy.write_bytes(data.EMBEDDED.read_bytes())
    harm(copy)
    monkeypatch.setattr(data, "EMBEDDED", copy)
    with pytest.raises(OSError, match=r"^The file mnist\.npz .* Install vqedu again\.$") as caught:
        data.load()
    assert caught.value.__context__ is None


def test_torchvision_is_neither_imported_nor_needed() -> None:
    code = "import sys; sys.modules['torchvision'] = None; from vqedu import data; print(len(data.load().test.y))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "10000"


# --- names and roots


@pytest.mark.parametrize(
    ("name", "meant"), [("minst", "'mnist'"), ("fashion_mnist", "'fashion-mnist'"), ("MNIST", "Known: ")]
)
def test_unknown_name_names_the_close_ones(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match="no data set") as caught:
        data.load(name)
    assert meant in str(caught.value)


def test_name_of_wrong_type() -> None:
    with pytest.raises(TypeError, match="must be a string"):
        data.load(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("root", [7, b"here", ["here"], True])
def test_root_of_wrong_type(root: object) -> None:
    with pytest.raises(TypeError, match="root must be a path"):
        data.load("mnist", root=root)  # type: ignore[arg-type]


# --- a learner's own files


def own_arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": generator.integers(0, 256, (7, 28, 28), dtype=np.uint8),
        "train-labels-idx1-ubyte": generator.integers(0, 10, 7, dtype=np.uint8),
        "t10k-images-idx3-ubyte": generator.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": generator.integers(0, 10, 3, dtype=np.uint8),
    }


def put_own_files(folder: Path) -> Path:
    return write(folder, own_arrays())


def rename_all(folder: Path, renamed: Callable[[str], str]) -> None:
    for path in folder.iterdir():
        path.rename(folder / renamed(path.name))


def gzip_all(folder: Path) -> None:
    for path in list(folder.iterdir()):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def assert_own_images(images: data.Images) -> None:
    arrays = own_arrays()
    for split, prefix in ((images.train, "train"), (images.test, "t10k")):
        x = arrays[f"{prefix}-images-idx3-ubyte"][:, None] / np.float32(255)
        assert np.array_equal(split.x.numpy(), x)
        assert split.y.tolist() == arrays[f"{prefix}-labels-idx1-ubyte"].tolist()


@pytest.mark.parametrize("place", [".", "raw", "{class_name}/raw"])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist"])
def test_own_files_in_each_place_and_spelling(
    tmp_path: Path, name: str, place: str, dotted: bool, packed: bool
) -> None:
    folder = put_own_files(tmp_path / place.format(class_name=data.SOURCES[name].class_name))
    if dotted:
        rename_all(folder, lambda name: name.replace("-idx", ".idx"))
    if packed:
        gzip_all(folder)
    before = sorted(tmp_path.rglob("*"))
    assert_own_images(data.load(name, root=str(tmp_path)))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", data.SOURCES)
def test_torchvision_reads_the_same_from_the_same_files(tmp_path: Path, name: str) -> None:
    """EMNIST stores its images by columns; torchvision leaves them lying on their sides, and we do not."""
    source = data.SOURCES[name]
    folder = put_own_files(tmp_path / source.class_name / "raw")
    rename_all(folder, lambda name: name.replace("train", source.train).replace("t10k", source.test))
    images = data.load(name, root=tmp_path)
    for split, train in ((images.train, True), (images.test, False)):
        options = {"split": source.variant} if source.variant else {}
        theirs = getattr(datasets, source.class_name)(str(tmp_path), train=train, **options)
        x = theirs.data.mT if name == "emnist" else theirs.data
        assert torch.equal(split.x[:, 0], x / 255)
        assert split.x.is_contiguous()
        assert torch.equal(split.y, theirs.targets)
        assert len(theirs.classes) == 10


def test_without_root_files_are_looked_for_where_torch_keeps_its_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    put_own_files(tmp_path / "datasets" / "FashionMNIST" / "raw")
    assert_own_images(data.load("fashion-mnist"))


@pytest.mark.parametrize("dotted", [False, True])
def test_a_file_may_be_in_a_folder_of_its_own_name(tmp_path: Path, dotted: bool) -> None:
    put_own_files(tmp_path)
    for path in list(tmp_path.iterdir()):
        name = path.name.replace("-idx", ".idx") if dotted else path.name
        path.rename(tmp_path / "moving")
        (tmp_path / path.name).mkdir()
        (tmp_path / "moving").rename(tmp_path / path.name / name)
    assert_own_images(data.load(root=tmp_path))


def test_a_home_that_is_not_known_is_a_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does without HOME and passwd entry
    with pytest.raises(FileNotFoundError, match="~"):
        data.load(root="~/digits")


def test_files_of_two_places_are_never_mixed(tmp_path: Path) -> None:
    raw = put_own_files(tmp_path / "KMNIST" / "raw")
    write(tmp_path, {SMALL: np.zeros(3, np.uint8)})
    assert_own_images(data.load("kmnist", root=tmp_path))
    (raw / SMALL).unlink()
    with pytest.raises(FileNotFoundError, match=f"no {SMALL}\\. Put"):
        data.load("kmnist", root=tmp_path)


@pytest.mark.parametrize("content", [lambda packed: packed[:-20], lambda _: b"<html>not found</html>", lambda _: b""])
def test_truncated_gzipped_file(tmp_path: Path, content: Callable[[bytes], bytes]) -> None:
    gzip_all(put_own_files(tmp_path))
    (tmp_path / f"{LARGE}.gz").write_bytes(content((tmp_path / f"{LARGE}.gz").read_bytes()))
    with pytest.raises(ValueError, match=rf"{LARGE}\.gz is truncated"):
        data.load("fashion-mnist", root=tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_absent_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        data.load(name, root=tmp_path)
    raw = tmp_path / data.SOURCES[name].class_name / "raw"
    for part in (str(raw), str(tmp_path), *NAMES, "Put these files", "download=True"):
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keep", [0, 5, -1])
def test_truncated_own_file(tmp_path: Path, name: str, keep: int) -> None:
    put_own_files(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"{name} is truncated"):
        data.load("mnist", root=tmp_path)


def test_own_file_longer_than_its_header_says(tmp_path: Path) -> None:
    extend(put_own_files(tmp_path) / SMALL)
    with pytest.raises(ValueError, match="too long: its header promises 11 bytes, and there are more"):
        data.load("mnist", root=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (LARGE, b"<html>" + bytes(7000), "must begin with 2051"),
        (LARGE, idx_file(np.zeros((7, 32, 32), np.uint8)), "28 x 28 pixels, got 32 x 32"),
        (LARGE, idx_file(np.zeros((0, 28, 28), np.uint8)), "count of at least 1"),
        (LARGE, idx_file(np.zeros((6, 28, 28), np.uint8)), "6 images and train-labels-idx1-ubyte 7 labels"),
        (SMALL, idx_file(np.zeros((3, 28, 28), np.uint8)), "must begin with 2049"),
    ],
)
def test_own_file_of_another_kind(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (put_own_files(tmp_path) / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        data.load("mnist", root=tmp_path)


def test_real_fashion_mnist() -> None:
    """The whole data set as Debian ships it: ten classes of 6,000 and 1,000; first labels as published."""
    folder = Path("/usr/share/datasets/fashion-mnist")
    if not folder.is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    fashion = data.load("fashion-mnist", root=folder)
    assert fashion.train.y.bincount().tolist() == [6000] * 10
    assert fashion.test.y.bincount().tolist() == [1000] * 10
    assert fashion.train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert fashion.train.x.numpy().mean(dtype=np.float64) == pytest.approx(0.28604, abs=5e-6)


# --- the download


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path, str]]:
    """A mirror on this machine that serves the small own files: (root to load into, served folder, address)."""
    served = put_own_files(tmp_path / "served")
    gzip_all(served)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [address])
    resources = [(f"{name}.gz", md5_of(served / f"{name}.gz")) for name in NAMES]
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    yield tmp_path / "root", served, address
    server.shutdown()
    server.server_close()


Mirror = tuple[Path, Path, str]


def test_download(mirror: Mirror, capfd: pytest.CaptureFixture[str]) -> None:
    assert_own_images(data.load("fashion-mnist", root=mirror[0], download=True))
    assert "100%" in capfd.readouterr().err  # torchvision's progress bar
    assert_own_images(data.load("fashion-mnist", root=mirror[0]))


def test_download_of_emnist_takes_the_variant_with_ten_classes(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    root, served, address = mirror
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in served.iterdir():
            name = path.name.replace("train", "emnist-mnist-train").replace("t10k", "emnist-mnist-test")
            archive.writestr(f"gzip/{name}", path.read_bytes())
    (served / "gzip.zip").write_bytes(packed.getvalue())
    monkeypatch.setattr(datasets.EMNIST, "url", f"{address}gzip.zip")
    monkeypatch.setattr(datasets.EMNIST, "md5", md5_of(served / "gzip.zip"))
    images = data.load("emnist", root=root, download=True)
    assert_own_images(data.Images(*(data.Split(split.x.mT, split.y) for split in images)))


def test_present_files_are_not_downloaded(mirror: Mirror) -> None:
    put_own_files(mirror[0] / "FashionMNIST" / "raw")
    shutil.rmtree(mirror[1])
    assert_own_images(data.load("fashion-mnist", root=mirror[0], download=True))


def test_partial_download_is_fetched_again(mirror: Mirror) -> None:
    root, served, _ = mirror
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
    assert all(part in message for part in ("FashionMNIST", str(root / "FashionMNIST" / "raw"), "load again"))
    return message


def test_download_without_network(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    failed_download(mirror[0])


def test_download_of_an_altered_file(mirror: Mirror) -> None:
    root, served, _ = mirror
    flip_one_bit(served / f"{SMALL}.gz")
    assert "corrupted" in failed_download(root)
    with pytest.raises(ValueError, match=rf"{SMALL}\.gz .* delete it and load with download=True"):
        data.load("fashion-mnist", root=root)


def test_download_into_a_file(mirror: Mirror) -> None:
    mirror[0].write_text("in the way")
    failed_download(mirror[0])


def test_silent_network_is_given_up(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing; the time limit is put back afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [url])
        monkeypatch.setattr(download, "NETWORK_TIMEOUT_S", 0.2)
        assert "timed out" in failed_download(mirror[0])
    assert socket.getdefaulttimeout() is None


def test_mismatched_torchvision_is_one_sentence(tmp_path: Path) -> None:
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(
        'raise RuntimeError("operator torchvision::nms does not exist")', encoding="utf-8"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from vqedu import data; "
    code += f"data.load('kmnist', root={str(tmp_path)!r}, download=True)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode != 0
    assert child.stderr.count("Traceback") == 1  # `from None`: the cause's own trace is not shown
    sentence = child.stderr.strip().splitlines()[-1]
    assert sentence.startswith("ImportError: torchvision (")
    versions = [torch.__version__.split("+")[0], "operator torchvision::nms does not exist"]
    assert all(part in sentence for part in versions)
    assert "pip install --force-reinstall torch torchvision" in sentence


def test_absent_torchvision_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(download, "_installed", lambda package: "not installed")
    with pytest.raises(ImportError, match=r"torchvision \(not installed\).*pip install") as caught:
        data.load("kmnist", root=tmp_path, download=True)
    assert caught.value.__suppress_context__
