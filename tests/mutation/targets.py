"""Which files are changed, and which tests must notice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from tests.mutation import ROOT
from tests.mutation.javascript_mutants import of_javascript
from tests.mutation.mutant import Mutant
from tests.mutation.python_mutants import of_python


class Target(NamedTuple):
    """A file whose mutants are made, and the test files that ought to catch them."""

    path: str
    tests: tuple[str, ...]

    def mutants(self) -> Iterator[Mutant]:
        """Yield the mutants of the file; of a notebook, those of the definitions that its tests name."""
        source = (ROOT / self.path).read_text(encoding="utf-8")
        if self.path.endswith(".js"):
            return of_javascript(source)
        return of_python(source, named_in(self.tests[0]) if self.path.startswith("notebooks") else None)


def named_in(test: str) -> frozenset[str]:
    """Return all texts in a file of tests, the names of what they ask for among them."""
    nodes = ast.walk(ast.parse((ROOT / test).read_text(encoding="utf-8")))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


VECTOR = ("tests/quantizers/test_vector.py", "tests/quantizers/test_contract.py")
FSQ = "tests/quantizers/test_fsq.py"
WORDS = "tests/models/test_words_and_images.py"
COLOR = "tests/models/test_colour.py"
OPTIMIZERS = ("tests/training/test_optimizers.py", "tests/training/test_saving.py")
MODULES = {
    "losses": Target("vqedu/losses.py", ("tests/test_losses.py", "tests/test_beta.py")),
    "quantizers.vector": Target("vqedu/quantizers/vector.py", VECTOR),
    "quantizers.kmeans": Target("vqedu/quantizers/kmeans.py", ("tests/quantizers/test_kmeans.py", *VECTOR)),
    "quantizers.nearest": Target("vqedu/quantizers/nearest.py", ("tests/quantizers/test_nearest.py",)),
    "quantizers.fsq": Target("vqedu/quantizers/fsq.py", (FSQ, VECTOR[1])),
    "quantizers.residual": Target("vqedu/quantizers/residual.py", ("tests/quantizers/test_residual.py", VECTOR[1])),
    "models.autoencoder": Target("vqedu/models/autoencoder.py", ("tests/models/test_models.py", COLOR)),
    "models.vae": Target("vqedu/models/vae.py", ("tests/models/test_models.py",)),
    "models.vqvae": Target("vqedu/models/vqvae.py", ("tests/models/test_vqvae.py", COLOR, VECTOR[1], FSQ)),
    "models.causal_vae": Target("vqedu/models/causal_vae.py", ("tests/models/test_causal_vae.py",)),
    "models.code_prior": Target("vqedu/models/code_prior.py", ("tests/models/test_code_prior.py",)),
    "models.words_and_images": Target("vqedu/models/words_and_images.py", (WORDS, COLOR)),
    "models.names_and_images": Target("vqedu/models/names_and_images.py", (COLOR,)),
    "data.jitter": Target("vqedu/data/jitter.py", ("tests/data/test_jitter.py",)),
    "training.optimizers": Target("vqedu/training/optimizers.py", OPTIMIZERS),
    "lessons.toy": Target("vqedu/lessons/toy.py", ("tests/lessons/test_toy.py",)),
    "lessons.gradients": Target("vqedu/lessons/gradients.py", ("tests/lessons/test_gradients.py",)),
    "metrics.codes": Target("vqedu/metrics/codes.py", ("tests/metrics/test_metrics.py", VECTOR[0])),
    "metrics.likelihood": Target("vqedu/metrics/likelihood.py", ("tests/metrics/test_metrics.py",)),
    "metrics.rates": Target("vqedu/metrics/rates.py", ("tests/metrics/test_rates.py",)),
    "models.transformer": Target("vqedu/models/transformer.py", ("tests/models/test_transformer.py",)),
    "coding": Target("vqedu/coding.py", ("tests/test_coding.py",)),
}

DEFINITIONS = ("tests/notebooks/test_definitions.py",)
NUMBERS = ("01_autoencoder", "04_vae", "02_elbo", "03_reparameterization", "05_inside_the_vae")
NUMBERS += ("06_vector_quantization", "07_vqvae", "08_prior_over_codes", "09_image_tokens", "10_colour_and_words")
NOTEBOOKS = {f"notebooks.{name}": Target(f"notebooks/source/{name}.py", DEFINITIONS) for name in sorted(NUMBERS)}

DRAWING = "tests/widgets/tokens/test_drawing_node.py"
VIEW = "tests/widgets/tokens/test_view_node.py"
SCRIPTS = {
    "page.nn": ("tests/page/test_nn_node.py",),
    "page.conv_nets": ("tests/page/test_convolutions_node.py",),
    "page.transformer": (DRAWING,),
    "page.random": ("tests/page/test_random_node.py",),
    "page.numbers": ("tests/page/test_numbers_node.py",),
    "beta.math": ("tests/widgets/beta/test_math_node.py", "tests/widgets/beta/test_beta.py"),
    "cards.prediction_math": ("tests/widgets/cards/test_prediction_math_node.py",),
    "codebook.space": ("tests/widgets/codebook/test_space_node.py",),
    "elbo.view": ("tests/widgets/elbo/test_view_node.py",),
    "elbo.math": ("tests/widgets/elbo/test_math_node.py",),
    "latent.view": ("tests/widgets/latent/test_view_node.py",),
    "latent.space": ("tests/widgets/latent/test_space_node.py",),
    "quantization.view": ("tests/widgets/quantization/test_view_node.py",),
    "quantization.math": ("tests/widgets/quantization/test_math_node.py",),
    "reparameterization.view": ("tests/widgets/reparameterization/test_view_node.py",),
    "reparameterization.math": ("tests/widgets/reparameterization/test_math_node.py",),
    "residual.view": ("tests/widgets/residual/test_view_node.py",),
    "tokens.math": (DRAWING,),
    "tokens.view": (VIEW, DRAWING),
    "tokens.words_view": (VIEW, "tests/widgets/test_color_node.py"),
}
WIDGETS = {
    f"widgets.{name}": Target(f"vqedu/widgets/{name.replace('.', '/')}.js", tests) for name, tests in SCRIPTS.items()
}

TARGETS = MODULES | NOTEBOOKS | WIDGETS
