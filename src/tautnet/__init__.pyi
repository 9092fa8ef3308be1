"""The names of `tautnet` as a type checker sees them: they are loaded when they are first used."""

from tautnet.compared import Comparison as Comparison
from tautnet.compared import load_run as load_run
from tautnet.comparison import compare as compare
from tautnet.estimators.cross_validated import TautNetClassifierCV as TautNetClassifierCV
from tautnet.estimators.cross_validated import TautNetRegressorCV as TautNetRegressorCV
from tautnet.estimators.models import TautNetClassifier as TautNetClassifier
from tautnet.estimators.models import TautNetRegressor as TautNetRegressor
from tautnet.estimators.selector import TautNetSelector as TautNetSelector
from tautnet.estimators.survival import TautNetSurvival as TautNetSurvival
from tautnet.estimators.survival import TautNetSurvivalCV as TautNetSurvivalCV
from tautnet.files.fitted import FittedModel as FittedModel
from tautnet.files.model_file import load as load
from tautnet.files.model_file import write_model as write_model
from tautnet.keeping.kept import resume as resume
from tautnet.objective.kinds import PenaltyKind as PenaltyKind
from tautnet.objective.registry import register_penalty as register_penalty
from tautnet.paths import fit_path as fit_path
from tautnet.replication.article import article as article
from tautnet.selection import Selection as Selection
from tautnet.selection import select_features as select_features
from tautnet.solving.path import Path as Path
from tautnet.tables import datasets as datasets
from tautnet.tables.errors import ModelFileError as ModelFileError
from tautnet.tables.errors import TableError as TableError
from tautnet.views.counts import PredictorsDisplay as PredictorsDisplay
from tautnet.views.cv_curve import CVDisplay as CVDisplay
from tautnet.views.gains import ComparisonDisplay as ComparisonDisplay
from tautnet.views.norm_path import PathDisplay as PathDisplay
from tautnet.views.selected import SelectionDisplay as SelectionDisplay
from tautnet.views.training_curve import TrainingCurveDisplay as TrainingCurveDisplay
from tautnet.views.weights import WeightHistogramDisplay as WeightHistogramDisplay

__version__: str
