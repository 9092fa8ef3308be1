"""What scikit-learn's picture of an estimator in a notebook links to."""


class Documented:
    """An estimator of the page of classes, ``docs/api.md``."""

    _doc_link_module = "tautnet"
    _doc_link_template = (
        "https://tautnet.readthedocs.io/en/stable/api.html#tautnet.{estimator_name}"
    )
