"""Sweeps as a study writes them, with cells whose errors follow a known law.

A cell's error is |delta + noise| in d Gaussian directions: delta that of a model of n_train samples
(amplitude a N^-s, and a fixed part b), noise that of n_generate samples. Both have the law's own
covariance, as moments estimated from samples have.
"""

import json

import numpy as np
from omegaconf import OmegaConf

N_GENERATE = 10_000


def spectrum(dim):
    """Variances of the directions; their sum is the law's, n times the floor's square."""
    return 2 * np.exp(-np.arange(dim) / 8)


def squared_error(rng, n_train, dim=16, a=10.0, s=0.5, b=0.0, n_generate=N_GENERATE, drawn=None):
    """value^2 of one run; E = tr / n_generate + a^2 N^-2s + b^2.

    `drawn` are standard normals ``(dim,)`` for the noise of the samples, by default fresh ones.
    """
    share = np.sqrt(spectrum(dim) / spectrum(dim).sum())
    delta = b * share + a * n_train**-s * share * rng.standard_normal(dim)
    drawn = rng.standard_normal(dim) if drawn is None else drawn
    noise = np.sqrt(spectrum(dim) / n_generate) * drawn
    return float((delta + noise) @ (delta + noise))


def squares(rng, sizes, n_seeds, shared=False, **law):
    """x, value^2 and floor^2 of a column of the protocol.

    `shared`: runs of one seed have the noise of their samples in common, as those of a study do.
    """
    x = np.repeat(np.asarray(sizes, dtype=float), n_seeds)
    dim, n = law.get("dim", 16), law.get("n_generate", N_GENERATE)
    by_seed = rng.standard_normal((n_seeds, dim)) if shared else [None] * n_seeds
    runs = [(size, by_seed[k % n_seeds]) for k, size in enumerate(x)]
    value = np.array([squared_error(rng, size, **law, drawn=z) for size, z in runs])
    return x, value, np.full(len(x), spectrum(dim).sum() / n)


def squares_in_d(rng, dims, n_seeds, power, a=0.3):
    """The same along d, of an error a (d / 32)^power that is as large at every N."""
    runs = [(dim, a * (dim / 32) ** power) for dim in dims for _ in range(n_seeds)]
    value = np.array([squared_error(rng, 1, dim, a=own) for dim, own in runs])
    floor = np.array([spectrum(dim).sum() / N_GENERATE for dim, _ in runs])
    return np.array([dim for dim, _ in runs], dtype=float), value, floor


def judgement(value, floor, debiased=None):
    """All keys of `Judgement.as_dict`."""
    low, high = (None, None) if debiased is None else (debiased - floor, debiased + floor)
    return {
        "value": value,
        "floor": floor,
        "percentile": 50.0,
        "p_value": 0.5,
        "debiased": debiased,
        "ci_low": low,
        "ci_high": high,
        "verdict": "at floor",
    }


def moment(square, variance, n):
    """The judgement of an error of moments."""
    u = square - variance / n
    return judgement(square**0.5, (variance / n) ** 0.5, float(np.sign(u) * abs(u) ** 0.5))


def config(dim, n_train, seed, dataset="ising_ring", **changes):
    """The part of a resolved configuration that a study reads; `changes` by dotted key."""
    plain = {
        "dataset": {
            "_target_": "truescore.targets.IsingRing",
            "name": dataset,
            "state_space": "real" if dataset == "ginzburg_landau" else "spin",
            "dim": dim,
            "coupling": 1.0,
            "n_train": n_train,
            "n_val": 2000,
            "batch_size": 128,
            "simulator": "exact",
        },
        "sampler": {"name": "heun", "steps": 16, "n_generate": N_GENERATE, "chunk_size": 4 * dim},
        "name": "swept",
        "seed": seed,
    }
    made = OmegaConf.create(plain)
    for key, value in changes.items():
        OmegaConf.update(made, key, value, force_add=True)
    return made


def write_cell(folder, dim, n_train, seed, law=None, dataset="ising_ring", **changes):
    """One finished cell; the same seed and size give the same numbers."""
    rng = np.random.default_rng([dim, n_train, seed])
    law = law or {}
    variance = spectrum(dim).sum()
    scores = (1.0 / n_train) * rng.chisquare(20) / 20
    level = np.linspace(-8, 5, 6)
    metrics, own = {}, {}
    for name, scale in (("mean_l2", 1.0), ("cov_frobenius", 4.0)):
        square = scale * squared_error(rng, n_train, dim, **law)
        metrics[name] = moment(square, scale * variance, N_GENERATE)
        data = scale * squared_error(rng, n_train, dim, a=0.0, n_generate=n_train)
        own[name] = moment(data, scale * variance, n_train)
    metrics["mean_l1"] = judgement(0.5, 0.5)
    metrics["score_error"] = judgement(scores, 0.0, scores)
    metrics["excess_loss"] = judgement(1e-4, None, None) | {"floor": None}
    summary = {
        "schema_version": 1,
        "experiment": "swept",
        "dataset": dataset,
        "dim": dim,
        "n_train": n_train,
        "n_generate": N_GENERATE,
        "seed": seed,
        "config_hash": f"{dim}-{n_train}-{seed}",
        "seconds": {"simulate": 0.1, "train": 12.5, "sample": 3.0},
        "metrics": metrics,
        "baselines": {"training data": own},
        "eigenmodes": None,
        "score_error_curve": {
            "times": np.linspace(2, 0.001, 6).tolist(),
            "log_snr": level.tolist(),
            "error": (scores * np.exp(-(level**2) / 20)).tolist(),
            "standard_error": [1e-9] * 6,
        },
        "path_bound": None,
        "couplings": None,
        "plane": None,
    }
    name = "_".join(
        [f"d{dim}_n{n_train}_seed{seed}", *(f"{k.split('.')[-1]}{v}" for k, v in changes.items())]
    )
    cell = folder / name
    cell.mkdir(parents=True)
    OmegaConf.save(config(dim, n_train, seed, dataset, **changes), cell / "config.yaml")
    (cell / "summary.json").write_text(json.dumps(summary))
    return cell


def write_sweep(folder, dims, sizes, seeds, **options):
    """A whole grid."""
    for dim in dims:
        for n_train in sizes:
            for seed in range(seeds):
                write_cell(folder, dim, n_train, seed, **options)
    return folder
