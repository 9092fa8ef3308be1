"""The scikit-learn face: estimators that check their input, call fitting and store arrays."""
