"""The models that ship: `names()` lists them, `load(name)` returns one in eval mode. The recipes trained them."""

from vqedu.pretrained.checkpoints import load, load_checkpoint, names, path_of, read_card, save_checkpoint
from vqedu.pretrained.recipes import retrain

__all__ = ["load", "load_checkpoint", "names", "path_of", "read_card", "retrain", "save_checkpoint"]
