"""Write docs/commands.md: every command with its arguments and options, as --help has them.

python docs/commands_page.py
"""

from pathlib import Path
from typing import get_type_hints

from typer.main import get_command

from tautnet.commands.app import app

PAGE = Path(__file__).with_name("commands.md")
HEAD = """# Commands

Each command, with all that it takes. `tautnet COMMAND --help` shows the same, and
`tautnet --install-completion` lets the shell complete commands and options. Wrong input is one line
on standard error and exit code 1, a wrong option exit code 2.
"""


def page():
    """The whole page."""
    commands = get_command(app).commands
    callbacks = [registered.callback for registered in app.registered_commands]
    pairs = zip(commands.items(), callbacks, strict=True)
    return HEAD + "".join(
        section(name, command, get_type_hints(callback)) for (name, command), callback in pairs
    )


def section(name, command, types):
    """What one command takes, its parameters of some types."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(
        ["tautnet", name, *(shown(one) for one in arguments), *(["[OPTIONS]"] if options else [])]
    )
    lines = ["", f"## {name}", "", in_one_line(command.help), "", f"    {usage}", ""]
    if arguments or options:
        lines += ["| | |", "|---|---|"]
    lines += [f"| `{shown(one)}` | {in_one_line(one.help)} |" for one in arguments]
    for one in options:
        if not one.hidden:
            lines.append(f"| {typed(one, types[one.name])} | {help_of(one)} |")
    return "\n".join(lines) + "\n"


def shown(argument):
    """An argument as it stands in the line of usage."""
    return argument.metavar or argument.name.upper()


def typed(option, kind):
    """What is typed for an option."""
    names = [*option.opts, *option.secondary_opts]
    what = "TEXT" if "str" in str(kind) else "NUMBER"
    value = "" if option.is_flag else f" {in_one_line(option.metavar or what)}"
    return ", ".join(f"`{name}{value}`" for name in names)


def help_of(option):
    """What an option does, and its default where that is a value."""
    text = in_one_line(option.help)
    is_told = option.default in (None, "") or option.is_flag or callable(option.default)
    return text if is_told else f"{text} Default: `{option.default}`."


def in_one_line(text):
    """A text within a cell of a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
