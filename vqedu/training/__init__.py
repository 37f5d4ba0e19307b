"""Training: one loop for every model of the course, and the optimizers."""

from vqedu.training.devices import best_device
from vqedu.training.loop import History, LossTerms, fit, labelled, start_at_mean_image
from vqedu.training.saving import Checkpoint

__all__ = ["Checkpoint", "History", "LossTerms", "best_device", "fit", "labelled", "start_at_mean_image"]
