"""A card names what is better than its model, and nothing else."""

from ml.train.card import better_than

ROWS = [
    {"model": "ours", "auc": 0.9, "f1": 0.8, "log_loss": 0.3},
    {"model": "booster", "auc": 0.91, "f1": 0.8, "log_loss": 0.2},
    {"model": "chance", "auc": 0.5, "f1": 0.9, "log_loss": 0.1},
]


def test_each_measure_names_what_is_better_with_its_figure() -> None:
    assert better_than("contributors", ROWS, "ours", ("chance",)).splitlines() == [
        "- Tells people apart (ROC AUC): ours 0.900, better booster 0.910.",
        "- Sure of what is wrong (log-loss): ours 0.300, better booster 0.200.",
    ]
    assert "(macro-F1): ours 0.800, better chance 0.900" in better_than("contributors", ROWS, "ours")


def test_nothing_is_said_where_nothing_is_better() -> None:
    assert better_than("contributors", ROWS[:1], "ours") == ""
