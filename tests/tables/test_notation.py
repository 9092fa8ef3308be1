"""Cells that are written otherwise are named as what they look like, and read by an option."""

import numpy as np
import pandas as pd
import pytest

from tautnet.files.checks import checked_encoder
from tautnet.tables.blocks import read_blocks
from tautnet.tables.dates import in_order
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import ModelFileError, TableError
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.numerals import numeral, parse_numbers
from tautnet.tables.reader import read_table

NUMBERS = [f"{i}.5" for i in range(30)]
DATES = [str(np.datetime64("2020-01-01") + i) for i in range(40)]


@pytest.fixture
def place(tmp_path):
    """Write columns of text, cells in quotes, and return the path."""

    def place(columns, delimiter=","):
        names = delimiter.join(columns)
        rows = zip(*columns.values(), strict=True)
        lines = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
        (tmp_path / "t.csv").write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")
        return tmp_path / "t.csv"

    return place


def beside(cells):
    return {"v": cells, "w": [str(i % 7) for i in range(len(cells))]}


WRITTEN = {
    "percent": ([f"{i}%" for i in range(30)], "--percent", {"percent": True}, 0.01, 1),
    "dollars": ([f"${i}.5" for i in range(30)], "--unit '$'", {"units": ("$",)}, 1.5, 1),
    "euros": ([f"{i} €" for i in range(30)], "--unit '€'", {"units": ("€",)}, 1, 1),
    "spaces": (
        [f"{i} 200" for i in range(1, 30)],
        "--thousands space",
        {"thousands": " "},
        2200,
        1,
    ),
    "narrow spaces": (
        [f"{i}\u202f200" for i in range(1, 30)],
        "--thousands space",
        {"thousands": " "},
        2200,
        1,
    ),
    "apostrophes": (
        [f"{i}'200" for i in range(1, 30)],
        "--thousands apostrophe",
        {"thousands": "'"},
        2200,
        1,
    ),
    "commas": (
        [f"{i},200.5" for i in range(1, 30)],
        "--thousands ,",
        {"thousands": ","},
        2200.5,
        1,
    ),
    "one comma": ([*NUMBERS, "1,200"], "--thousands ,", {"thousands": ","}, 1200, -1),
    "one percent": ([*NUMBERS[:9], "5%", *NUMBERS], "--percent", {"percent": True}, 0.05, 9),
    "parentheses": (
        [*NUMBERS, *(f"({i}.0)" for i in range(9))],
        "--parentheses",
        {"parentheses": True},
        -8,
        -1,
    ),
    "all at once": (
        [f"($ {i},200)" for i in range(1, 30)],
        "--thousands , --parentheses --unit '$'",
        {"thousands": ",", "parentheses": True, "units": ("$",)},
        -2200,
        1,
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_in_another_notation(place, name):
    """The message names the option, and with it the table is read as it was meant."""
    cells, typed, parts, value, at = WRITTEN[name]
    path = place(beside(cells))
    odd = next(cell for cell in cells if cell not in NUMBERS)
    with pytest.raises(TableError) as error:
        read_table(path)
    message = str(error.value)
    assert message.startswith("column 'v' holds numbers with ")
    assert message.endswith(f", as in {odd!r}: pass {typed}")
    notation = PLAIN.changed(parts)
    assert notation.typed() == typed
    found = read_table(path, notation=notation).frame["v"]
    assert found.dtype.kind in "if" and found.iloc[at] == pytest.approx(value)
    # What is dropped anyway stands in nobody's way.
    assert read_table(path, unused=["v"]).frame["v"].tolist() == cells


def test_european_numbers(place):
    path = place(beside([f"{i}.200,50" for i in range(1, 30)]), ";")
    with pytest.raises(TableError, match="'1.200,50': pass --decimal , --thousands .$"):
        read_table(path)
    notation = Notation(decimal=",", thousands=".")
    assert read_table(path, notation=notation).frame["v"].iloc[1] == 2200.5


def test_a_minus_sign_needs_no_option(place):
    path = place(beside([f"\u2212{number}" for number in NUMBERS]))
    assert read_table(path).frame["v"].tolist() == [-float(number) for number in NUMBERS]


@pytest.mark.parametrize(
    "text",
    ["- 5", "--5", "(5", "5)", "(-5)", "$", "%", "$5%", "1,20", "0,200", "1,200 300", "5 $ 5"],
)
def test_what_is_no_number(text):
    assert numeral(text, ".") is None


@pytest.mark.parametrize(
    "cells",
    [
        [f"1.2.{i}" for i in range(10, 40)],
        [f"A{i}" for i in range(30)],
        ["3+", "1", "2"] * 10,
        [f"{i} kg" for i in range(30)],
        [f"00{i}" for i in range(29)] + ["5%"],
        ["5%"] * 3,
    ],
)
def test_codes_and_words_are_left_alone(place, cells):
    assert read_table(place(beside(cells))).frame["v"].tolist() == cells


def test_a_unit_is_whatever_one_says():
    tokens = np.array(["5 kg", "7kg", "$3"], dtype=object)
    read = parse_numbers(tokens, Notation(units=("kg",)))
    np.testing.assert_array_equal(read, [5, 7, np.nan])


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"decimal": ";"}, "decimal mark must be"),
        ({"thousands": "x"}, "thousands are set apart by one of"),
        ({"thousands": "."}, "cannot both be"),
        ({"dates": "myd"}, "dmy or mdy or ymd"),
    ],
)
def test_notations_that_are_none(parts, says):
    with pytest.raises(TableError, match=says):
        PLAIN.changed(parts)


# Strays at the ends, and among dates.


@pytest.mark.parametrize(
    ("cells", "says", "drop"),
    [
        ([*NUMBERS, "Total"], "in the last row: is it a footer? pass --drop-rows -1 to", [-1]),
        (["kg", *NUMBERS], "in the first row: is it a second header? pass --drop-rows 1 to", [1]),
        (
            ["kg", *NUMBERS, "sum", "1"],
            "in the first and the last rows: are they a second header and a footer?"
            " pass --drop-rows 1,-2,-1 to",
            [1, -2, -1],
        ),
    ],
)
def test_strays_at_the_ends_are_a_header_or_a_footer(place, cells, says, drop):
    path = place(beside(cells))
    with pytest.raises(TableError) as error:
        read_table(path)
    assert says in str(error.value) and '--na "' in str(error.value)
    assert read_table(path, drop_rows=drop).frame["v"].tolist() == [float(n) for n in NUMBERS]
    recipe = {"predictor": "v", "kind": "number", "value": True, "indicator": False}
    read = read_blocks(path, [recipe], drop_rows=drop, rows=7)
    found = pd.concat([block.predictors for block in read])["v"]
    assert found.tolist() == [float(number) for number in NUMBERS]


def test_rows_to_drop_that_are_not_there(place):
    path = place(beside(NUMBERS))
    recipe = {"predictor": "v", "kind": "number", "value": True, "indicator": False}
    for read in (read_table, lambda *given, **more: list(read_blocks(*given, [recipe], **more))):
        with pytest.raises(TableError, match="--drop-rows -31: .* has rows 1 to 30"):
            read(path, drop_rows=[-31])


def test_a_footer_may_have_fewer_cells(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\nsource: x\n")
    with pytest.raises(
        TableError, match="line 4 has 1 cell.*pass --drop-rows -1 if it is a footer"
    ):
        read_table(path)
    assert read_table(path, drop_rows=[-1]).frame["b"].tolist() == [2, 4]


@pytest.mark.parametrize("stray", ["0000-00-00", "2020-02-30"])
def test_a_stray_among_dates_is_named(place, stray):
    path = place(beside([*DATES[:9], stray, *DATES[9:]]))
    says = f"""holds dates but for 1 cell ('{stray}'): pass --na "{stray}" to read as missing"""
    with pytest.raises(TableError) as error:
        read_table(path)
    assert says in str(error.value)
    frame = read_table(path, notation=Notation(na=(stray,))).frame
    assert TableEncoder().fit(frame).kinds["v"] == "date"


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        ([f"{i % 28 + 1}/02/20" for i in range(40)], "dmy"),
        ([f"{i % 28 + 1} Feb 2020" for i in range(40)], "dmy"),
        ([f"February {i % 28 + 1}, 2020" for i in range(40)], "mdy"),
    ],
)
def test_dates_that_need_an_option(place, cells, order):
    path = place(beside(cells))
    with pytest.raises(TableError, match="holds dates, as in .*: pass --dates dmy"):
        read_table(path)
    found = read_table(path, notation=Notation(dates=order)).frame["v"]
    assert found.iloc[27] == pd.Timestamp("2020-02-28")


def test_the_option_decides_where_dates_may_be_read_in_two_ways(place):
    path = place(beside([f"{i % 12 + 1:02}/02/2020" for i in range(24)]))
    for order, expected in (("dmy", "2020-02-03"), ("mdy", "2020-03-02")):
        frame = read_table(path, notation=Notation(dates=order)).frame
        assert frame["v"].iloc[2] == pd.Timestamp(expected)
        encoder = TableEncoder().fit(frame)
        # The model's notation reads a new file, and what is said of that file comes first.
        (block,) = read_blocks(path, encoder.recipes, notation=Notation(dates=order))
        np.testing.assert_array_equal(encoder.transform(block.predictors), encoder.transform(frame))
        (block,) = read_blocks(path, encoder.recipes, given={"dates": "mdy"})
        assert block.predictors["v"].iloc[2] == pd.Timestamp("2020-03-02")


def test_a_column_that_tells_its_order_keeps_it(place):
    """One option for two columns: the other has days above 12."""
    path = place(
        {
            "v": [f"{i % 12 + 1}/02/2020" for i in range(26)],
            "w": [f"02/{i % 28 + 1}/2020" for i in range(26)],
        }
    )
    notation = Notation(dates="dmy")
    frame = read_table(path, notation=notation).frame
    encoder = TableEncoder().fit(frame)
    (block,) = read_blocks(path, encoder.recipes, notation=notation)
    found = encoder.transform(block.predictors)
    np.testing.assert_array_equal(found, encoder.transform(frame))
    # The second of February, in the one column as in the other.
    assert found[1].tolist() == [in_days("2020-02-02")] * 2


def in_days(day):
    return float(np.datetime64(day).astype("datetime64[D]").astype(int))


def test_years_of_two_digits_have_one_century():
    years = [in_order(f"1/2/{year}", "dmy").year for year in ("00", "68", "69", "99")]
    assert years == [2000, 2068, 1969, 1999]


# Frames, which no option reads.


@pytest.mark.parametrize(
    ("cells", "looks"),
    [
        ([f"{i}.5%" for i in range(30)], "numbers with percent signs, as in '0.5%'"),
        ([*NUMBERS, "Total"], "numbers but for 'Total'"),
        ([*DATES, "0000-00-00"], "dates but for '0000-00-00'"),
        ([f"{i} Jan 2020" for i in range(1, 31)], "dates, as in '1 Jan 2020'"),
        ([f"name {i}" for i in range(30)], None),
    ],
)
def test_a_column_of_a_frame_does_not_leave_in_silence(cells, looks):
    frame = pd.DataFrame({"v": cells, "w": np.arange(len(cells)) % 7})
    reason = TableEncoder().fit(frame).left_out["v"]
    assert reason.endswith(f"; it looks like {looks}" if looks else "cells)")


# Both doors for files.


def test_a_file_for_a_model_says_what_it_needs(place):
    recipe = {"predictor": "v", "kind": "number", "value": True, "indicator": False}
    path = place(beside(["5", "1,5", "7%"]))
    with pytest.raises(TableError, match="should hold numbers, but has '1,5': pass --decimal ,"):
        next(read_blocks(path, [recipe]))
    notation = Notation(decimal=",")
    with pytest.raises(TableError, match="should hold numbers, but has '7%': pass --percent"):
        next(read_blocks(path, [recipe], notation=notation))
    (block,) = read_blocks(path, [recipe], notation=notation, given={"percent": True})
    assert block.predictors["v"].tolist() == [5, 1.5, 0.07]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_the_first_line_of_excel_is_honoured(tmp_path, line):
    (tmp_path / "t.csv").write_text(f"{line}\n\na;b,c,d\n1;2\n3;4\n", encoding="utf-8")
    frame = read_table(tmp_path / "t.csv").frame
    assert frame.to_dict("list") == {"a": [1, 3], "b,c,d": [2, 4]}
    recipe = {"predictor": "b,c,d", "kind": "number", "value": True, "indicator": False}
    (block,) = read_blocks(tmp_path / "t.csv", [recipe])
    assert block.predictors["b,c,d"].tolist() == [2, 4]
    with open(tmp_path / "t.csv", "a") as file:
        file.write("5\n7;8\n")
    for read in (read_table, lambda path: list(read_blocks(path, [recipe]))):
        with pytest.raises(TableError, match="line 6 has 1 cell"):
            read(tmp_path / "t.csv")


def test_what_means_missing_does_so_in_parquet_too(tmp_path):
    frame = pd.DataFrame({"v": [1, -9, 3], "c": ["a", " ? ", None], "b": [True, False, True]})
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    notation = Notation(na=("-9", "?"))
    read = read_table(tmp_path / "t.parquet", notation=notation).frame
    recipes = TableEncoder().fit(frame).recipes
    (block,) = read_blocks(tmp_path / "t.parquet", recipes, notation=notation)
    for found in (read, block.predictors):
        assert found["v"].isna().tolist() == [False, True, False]
        assert found["c"].isna().tolist() == [False, True, True]


def test_options_of_text_are_refused_for_parquet(tmp_path):
    frame = pd.DataFrame({"v": [1, 2, 3]})
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    says = "--decimal , --drop-rows -1 does nothing here: .* is a Parquet file"
    with pytest.raises(TableError, match=says):
        read_table(tmp_path / "t.parquet", notation=Notation(decimal=","), drop_rows=[-1])
    recipe = {"predictor": "v", "kind": "number", "value": True, "indicator": False}
    with pytest.raises(TableError, match="--percent does nothing here"):
        next(read_blocks(tmp_path / "t.parquet", [recipe], given={"percent": True}))
    # What the model's own table was read with is no wish for this one.
    (block,) = read_blocks(tmp_path / "t.parquet", [recipe], notation=Notation(decimal=","))
    assert block.predictors["v"].tolist() == [1, 2, 3]
    with pytest.raises(
        TableError, match="--encoding latin-1 does nothing here: iris is a built-in"
    ):
        read_table("iris", encoding="latin-1")


# What a model file keeps.


def packed(**notation):
    recipe = {"predictor": "v", "kind": "number", "value": True, "indicator": False}
    packed = {"recipes": [recipe], "left_out": {}, "feature_names": ["v"]}
    return packed | ({"notation": notation} if notation else {})


def test_a_model_file_keeps_the_notation():
    notation = Notation(("-9", "?"), ",", " ", True, True, ("$",), "dmy")
    assert checked_encoder(packed(**notation.to_plain())).notation == notation
    assert PLAIN.to_plain() == {} and checked_encoder(packed()).notation == PLAIN
    kept = checked_encoder(packed(decimal=","))
    assert kept.without({"v": "no weight"}).notation.decimal == ","


@pytest.mark.parametrize(
    "parts",
    [
        {"decimal": ";"},
        {"decimal": 1},
        {"na": "?"},
        {"na": [1]},
        {"percent": 1},
        {"thousands": "."},
        {"dates": "ymm"},
        {"mark": ","},
    ],
)
def test_a_model_file_with_another_notation_is_refused(parts):
    with pytest.raises(ModelFileError, match="cells written in no known way"):
        checked_encoder(packed(**parts))


# Duplicate names and names that are nearly there.


def test_a_name_that_is_nearly_there_is_proposed(place):
    recipes = [
        {"predictor": name, "kind": "number", "value": True, "indicator": False}
        for name in ("V", "size")
    ]
    path = place(beside(NUMBERS))
    says = "lacks 2 of the model's 2 predictors: 'V' (did you mean 'v'?), 'size'"
    with pytest.raises(TableError) as error:
        next(read_blocks(path, recipes))
    assert str(error.value).endswith(says)
    encoder = TableEncoder.restored(recipes, {}, ["V", "size"])
    with pytest.raises(TableError, match=r"predictors: 'V' \(did you mean 'v'\?\), 'size'"):
        encoder.transform(read_table(path).frame)
    with pytest.raises(TableError, match=r"lacks what --keep names: 'W' \(did you mean 'w'\?\)"):
        next(read_blocks(path, [], keep=["W"]))
