"""What a person wants to know of a fitted model, as text."""

import numpy as np

from tautnet.fitting.verdict import certificate_in_words, number


def summarise(model):
    """The lines that `Net.summary` prints."""
    loss, penalty = model.unit_.settings.loss, model.penalty
    arrays = [*model.coefs_, *([] if model.skip_coef_ is None else [model.skip_coef_])]
    n_weights, zeros = sum(w.size for w in arrays), sum(int((w == 0).sum()) for w in arrays)
    layers = " -> ".join(str(w.shape[0]) for w in model.coefs_) + f" -> {model.n_outputs_}"
    skip = "" if model.skip_coef_ is None else ", and a linear map beside"
    kept = [str(name) for name in model.encoder_.feature_names_in_[model.selected_features_]]
    lines = {
        "data": f"{model.n_rows_:,} rows, {model.n_features_in_:,} predictors in {model.coefs_[0].shape[0]:,} columns",
        "penalty": _penalty(model, penalty),
        "layers": f"{layers}{skip}",
        "weights": f"{n_weights:,}, of which {zeros:,} are exactly 0 ({100 * zeros / n_weights:.1f} %)",
        "predictors": f"{len(kept):,} of {model.n_features_in_:,} kept{_listed(kept, model)}",
        f"{loss.metric_name}, rows seen": number(model.train_loss_),
    }
    if hasattr(model, "cv_results_"):
        lines[f"{loss.metric_name}, new rows"] = f"{number(model.cv_loss_)} by cross-validation, used to choose alpha"
    lines["certificate"] = certificate_in_words(
        {"stationarity": model.stationarity_, "objective_gap": model.objective_gap_}
    )
    width = max(map(len, lines))
    return "\n".join([type(model).__name__, *(f"  {name:<{width}}  {text}" for name, text in lines.items())])


def _penalty(model, penalty):
    if penalty in ("none", "early_stopping"):
        return f"{penalty}, {model.n_iter_:,} steps"
    if not hasattr(model, "cv_results_"):
        return f"{penalty}, alpha {number(model.alpha)}, as given"
    least = "fewest predictors" if model.relax else "most regularised"
    rules = {"min": "least loss", "1se": f"{least} within one standard error of the least loss"}
    rule = rules.get(model.selection, f"least loss with at most {model.selection} predictors")
    members = f"; predictions are means over {len(model._members)} fold models" if model.ensemble else ""
    chosen = f"alpha {number(model.alpha_)}, chosen by cross-validation{', refits among them' * model.relax}: {rule}"
    if model.relaxed_order_ is None:
        return f"{penalty}, {chosen}{members}"
    ranked = {"norm": "the size of their weights", "exit": "where they leave"}[model.relaxed_order_]
    return f"{penalty} ranks predictors by {ranked}, l2 refits the first alone, {chosen}{members}"


def _listed(kept, model):
    """The names of the predictors kept, the largest weights first, where they are few and some have left."""
    if not kept or len(kept) == model.n_features_in_:
        return ""
    order = np.argsort(-model.feature_importances_[model.selected_features_], kind="stable")[:10]
    more = ", ..." if len(kept) > 10 else ""
    return f": {', '.join(kept[i] for i in order)}{more}"
