"""``tautnet article``: the experiment that tautnet grew out of."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import Log, noted, one_line_errors, progress, say, typed
from tautnet.commands.resuming import place_of_run, refuse_idle


def article(
    penalty: Annotated[
        str,
        Option(
            callback=options.one_of("l1", "l2"),
            help="Which of the two articles to repeat as published: l1 or l2.",
        ),
    ] = "l1",
    replicates: Annotated[int, Option(min=2, help="Number of fresh training sets.")] = 20,
    seed: Annotated[
        int, Option(min=0, help="Seed of the fresh training sets and the test items.")
    ] = 0,
    jobs: arguments.Jobs = None,
    out: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            callback=options.directory,
            help="Directory to write to; by default, tautnet-article-PENALTY.",
        ),
    ] = None,
    as_json: arguments.Json = False,
    force: arguments.Force = False,
    fresh: arguments.Fresh = False,
    keep_jobs: arguments.KeepJobs = False,
) -> None:
    """Repeat the experiment of the article that tautnet grew out of.

    It runs as published, with its sign mended, and with honest validation.
    """
    if force and out is None:
        raise options.UsageError("--force does nothing without --out DIR")
    write = out is not None or not as_json
    refuse_idle(fresh, keep_jobs, write, "in --out DIR")
    log = Log()
    asked = (out, "article", penalty, force)
    with (
        one_line_errors(),
        place_of_run(write, asked, log, fresh=fresh, keep_jobs=keep_jobs) as directory,
    ):
        from tautnet.commands.rows import SPACE
        from tautnet.files.run_directory import free_place, reserved_space
        from tautnet.replication.article import article as repeat_article
        from tautnet.views.article_sections import article_text

        with progress() as show, reserved_space(directory, SPACE):
            done = repeat_article(
                penalty,
                replicates=replicates,
                random_state=seed,
                n_jobs=jobs or -1,
                on_progress=show,
            )
        text = json.dumps(done.result, allow_nan=False) if as_json else article_text(done.result)
        report = ""
        try:
            if directory is not None:
                from tautnet.views.article_report import write_article_run

                place = free_place(directory, force=force)
                report = f"report: {place / 'report.html'}"
                whole = done.result | {"detail": done.detail}
                write_article_run(
                    whole, place, typed(), shield=partial(noted, report), without_jobs=not keep_jobs
                )
        finally:
            # What was found is said, also where it cannot be written.
            say(text, sys.stdout)
        if report:
            say(report, sys.stderr)
