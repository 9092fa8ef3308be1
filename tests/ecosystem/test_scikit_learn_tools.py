"""scikit-learn's own tools around the estimators: sparse tables, metadata, selection, pages."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import tautnet as tn
from tautnet.tables import sparse as sparse_tables
from tautnet.tables.errors import TableError

RNG = np.random.default_rng(0)
LINEAR = dict(hidden_layer_sizes=(), alpha_min_ratio=1e-2, random_state=0)
FRAME = pd.DataFrame(
    {
        "city": RNG.choice(list("abcdefgh"), 160),
        "size": RNG.choice(["small", "large"], 160),
        "x": RNG.normal(size=160),
    }
)
IN_SOUTH = FRAME["city"].isin(list("abc"))
GROUPS = np.arange(160) // 4
CHOSEN = dict(cv=2, alphas=[0.01, 0.1], hidden_layer_sizes=(), random_state=0)


def classifier(alpha=0.01, **options):
    return tn.TautNetClassifier("l1", alpha, **LINEAR | options)


def test_one_hot_columns_are_fitted_sparse_as_they_are_dense():
    levels = FRAME[["city", "size"]]
    thin = make_pipeline(OneHotEncoder(), classifier()).fit(levels, IN_SOUTH)
    dense = make_pipeline(OneHotEncoder(sparse_output=False), classifier()).fit(levels, IN_SOUTH)
    np.testing.assert_array_equal(thin[-1].coefs_[0], dense[-1].coefs_[0])
    np.testing.assert_array_equal(thin.predict_proba(levels), dense.predict_proba(levels))
    assert thin.score(levels, IN_SOUTH) == 1.0


def test_a_column_transformer_may_turn_sparse():
    thin = make_column_transformer(
        (OneHotEncoder(), ["city", "size"]), remainder="passthrough", sparse_threshold=1.0
    )
    assert sparse.issparse(thin.fit_transform(FRAME))
    model = make_pipeline(thin, tn.TautNetClassifierCV("l1", **CHOSEN))
    assert model.fit(FRAME, IN_SOUTH).score(FRAME, IN_SOUTH) == 1.0


def test_words_are_a_sparse_table():
    texts = np.where(IN_SOUTH, "sun ", "rain ") + FRAME["size"]
    model = make_pipeline(TfidfVectorizer(), classifier()).fit(texts, IN_SOUTH)
    assert model.score(texts, IN_SOUTH) == 1.0


@pytest.mark.parametrize("form", ["csr_array", "csc_matrix", "coo_array", "lil_matrix"])
def test_every_form_of_a_sparse_table_is_the_dense_one(form, tmp_path):
    thin = sparse.random(160, 6, density=0.3, random_state=0)
    y = thin.toarray()[:, 0] + 0.1 * FRAME["x"]
    X = getattr(sparse, form)(thin)
    model = tn.TautNetRegressor("l1", 0.01, **LINEAR).fit(X, y)
    dense = tn.TautNetRegressor("l1", 0.01, **LINEAR).fit(thin.toarray(), y)
    loaded = tn.load(model.save(tmp_path / "model.taut"))
    for one in (model, loaded):
        np.testing.assert_array_equal(one.predict(X), dense.predict(thin.toarray()))
    with pytest.raises(ValueError, match="X has 5 features, but TautNetRegressor is expecting 6"):
        model.predict(thin.tocsr()[:, :5])
    with pytest.raises(TableError, match="an array of 6 columns is needed"):
        loaded.predict(thin.tocsr()[:, :5])


def test_functions_take_sparse_tables_too():
    thin = sparse.random(160, 4, density=0.5, random_state=0, format="csr")
    y = thin.toarray()[:, 0]
    path = tn.fit_path(thin, y, penalty="l1", alphas=[0.01], hidden_layer_sizes=())
    dense = tn.fit_path(thin.toarray(), y, penalty="l1", alphas=[0.01], hidden_layer_sizes=())
    np.testing.assert_array_equal(path.norms, dense.norms)


def test_a_sparse_table_that_would_not_fit_in_memory_is_named():
    wide = sparse.csr_array((1_000_000, 2_000), dtype=np.float64)
    with pytest.raises(
        TableError,
        match=r"1000000 rows and 2000 columns takes 7.5 GiB as a dense one, and 2 GiB is the limit:"
        r" give fewer columns .* or pass X.toarray\(\)",
    ):
        classifier().fit(wide, np.arange(1_000_000) % 2)


def test_predictions_of_a_sparse_table_are_made_by_blocks(monkeypatch):
    """A fit makes it dense, a prediction never the whole of it."""
    thin = sparse.random(160, 6, density=0.3, random_state=0, format="csr")
    model = tn.TautNetRegressor("l1", 0.01, **LINEAR).fit(thin, thin.toarray()[:, 0])
    monkeypatch.setattr(sparse_tables, "MOST_DENSE", 0)
    assert model.predict(thin).shape == (160,)
    with pytest.raises(TableError, match="as a dense one"):
        model.fit(thin, thin.toarray()[:, 0])


@pytest.mark.parametrize(
    "model",
    [classifier(), tn.TautNetClassifierCV("l1", **CHOSEN)],
    ids=["plain", "CV"],
)
def test_groups_go_to_the_splitter(model):
    X = FRAME[["x"]]
    y = X["x"] + RNG.normal(size=160) > 0
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_validate(
            model, X, y, cv=GroupKFold(2), params={"groups": GROUPS}, return_estimator=True
        )
    assert scores["test_score"].min() > 0.6
    if isinstance(model, tn.TautNetClassifierCV):
        # Its own folds keep groups together, too.
        train = next(GroupKFold(2).split(X, y, GROUPS))[0]
        routed = scores["estimator"][0].cv_loss_
        together = model.fit(X.iloc[train], y[train], groups=GROUPS[train]).cv_loss_
        apart = model.fit(X.iloc[train], y[train]).cv_loss_
        assert routed == together != apart


def test_the_predictors_of_a_model_are_selected_by_scikit_learns_transformer():
    """Its own threshold is the mean under every penalty whose name it does not know."""
    X = RNG.normal(size=(160, 6))
    y = X @ np.array([3.0, 2.0, 0.3, 0.2, 0.0, 0.0])
    model = tn.TautNetRegressor("group", 0.01, **LINEAR)
    kept = model.fit(X, y).selected_features_
    assert kept[:4].all()
    by_mask = SelectFromModel(model, importance_getter="selected_features_").fit(X, y)
    by_threshold = SelectFromModel(model, threshold=1e-5).fit(X, y)
    for selector in (by_mask, by_threshold, tn.TautNetSelector(model).fit(X, y)):
        np.testing.assert_array_equal(selector.get_support(), kept)


ESTIMATORS = [
    tn.TautNetClassifier,
    tn.TautNetClassifierCV,
    tn.TautNetRegressor,
    tn.TautNetRegressorCV,
    tn.TautNetSurvival,
    tn.TautNetSurvivalCV,
    tn.TautNetSelector,
]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_the_picture_of_an_estimator_links_to_its_documentation(cls):
    link = cls()._get_doc_link()
    assert f'href="{link}"' in cls()._repr_html_()
    site, _, anchor = link.partition("api.html#")
    root = Path(__file__).parents[2]
    assert f'Documentation = "{site}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    documented = (root / "docs" / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"^\.\. autoclass:: {re.escape(anchor)}$", documented, re.MULTILINE)
