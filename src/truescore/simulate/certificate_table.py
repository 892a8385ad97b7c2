"""A certificate for the terminal."""

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from truescore.metrics.verdict import AT_FLOOR
from truescore.simulate.certificate import Certificate, Track


def certificate_table(certificate: Certificate) -> Group:
    """Errors over their floors and the quantities followed; ``warn`` tells what is wrong."""
    outcome = "passed" if certificate.passed else "FAILED"
    chains = "" if certificate.n_chains is None else f", {certificate.n_chains:,} chains"
    title = (
        f"Data certificate: {certificate.n:,} samples of {certificate.law},"
        f" {certificate.simulator}{chains}: {outcome}"
    )
    note = "floor and p: of as many independent samples as stand under n, by the effective sizes."
    return Group(
        Text(title, style="bold"),
        _errors(certificate),
        _tracks(certificate),
        Text(note, style="dim"),
    )


def _errors(certificate: Certificate) -> Table:
    table = _table("error", "value", "n", "floor", "p", "verdict")
    for name, judged in certificate.errors.items():
        colour = "green" if judged.verdict == AT_FLOOR else "yellow"
        table.add_row(
            certificate.labels[name],
            f"{judged.value:.3g}",
            f"{certificate.sizes[name]:,}",
            f"{judged.floor:.3g}",
            f"{judged.p_value:.2g}",
            Text(judged.verdict or "-", style=colour),
        )
    return table


def _tracks(certificate: Certificate) -> Table:
    table = _table("quantity", "mean", "exact", "off by, %", "effective size", "a chain", "R-hat")
    for track in certificate.tracks.values():
        chains = certificate.n_chains
        table.add_row(
            track.label,
            f"{track.mean:.4g}",
            _number(track.exact, ".4g"),
            _bias(track),
            f"{track.effective_size:,.0f}",
            "-" if chains is None else f"{track.effective_size / chains:.3g}",
            _number(track.r_hat, ".4f"),
        )
    return table


def _bias(track: Track) -> str:
    if track.bias_percent is None:
        return "-"
    return f"{track.bias_percent:+.2g} ± {track.bias_percent_error:.1g}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table
