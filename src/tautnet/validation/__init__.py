"""Many chains: from folds to a study."""
