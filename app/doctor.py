"""`doctor`: what is configured, what is missing or does not answer, what to do."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import NamedTuple

from agent.config.load import FILES, load_configuration
from app.doctor_parts import Findings, look_at_index, look_at_mail, look_at_reader, look_at_store
from app.settings import SETTINGS, Setting, Settings
from domain.errors import InvalidConfiguration
from domain.people import Configuration

_WIDTH = max(len(setting.name) for setting in SETTINGS) + 1


class DoctorReport(NamedTuple):
    """Lines for a person, and the exit code.

    0: all that is set is usable. 2: something set is wrong. 3: all is right as set, and
    something outside does not answer.
    """

    lines: list[str]
    exit_code: int


def examine(settings: Settings) -> DoctorReport:
    """Look at a home and its environment without changing anything.

    Servers that are set are greeted; nothing is sent to them and no model is asked.
    """
    found = Findings()
    lines = [_home_line(settings.home, found), "", "Settings"]
    lines += [_setting_line(setting, settings) for setting in SETTINGS]
    found.wrong += settings.problems()
    found.wrong += [_unknown_text(name) for name in settings.unknown]
    lines += ["", "Files", *_file_lines(settings, found)]
    configuration = _configuration(settings, found)
    lines += ["", "Parts"]
    lines += [f"  {name:<{_WIDTH}}{text}" for name, text in _parts(settings, configuration, found)]
    mends = [f"Mend: {problem}" for problem in dict.fromkeys((*found.wrong, *found.down))]
    lines += ["", *(mends or ["All well."])]
    return DoctorReport(lines, 2 if found.wrong else 3 if found.down else 0)


def _home_line(home: Path, found: Findings) -> str:
    _require_writable(home, "Give the user who runs Undertone the right to write there.", found)
    state = "" if home.is_dir() else " (a file)" if home.exists() else " (not made yet)"
    return f"Home          {home}{state}"


def _require_writable(folder: Path, advice: str, found: Findings) -> None:
    """Note a folder that cannot be written, or cannot be made where it should lie."""
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    if not nearest.is_dir():
        found.wrong.append(f"{nearest} is a file, and a folder is needed there.")
    elif not os.access(nearest, os.W_OK | os.X_OK):
        found.wrong.append(f"{nearest} cannot be written. {advice}")


def _setting_line(setting: Setting, settings: Settings) -> str:
    value = settings.find(setting.name)
    if value is None:
        return f"  {setting.name:<{_WIDTH}}not set. {setting.when_absent}"
    shown = "set, not shown" if setting.secret else value
    return f"  {setting.name:<{_WIDTH}}{shown} (environment)"


def _unknown_text(name: str) -> str:
    close = difflib.get_close_matches(name, [setting.name for setting in SETTINGS], n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return f"{name} is set and no setting has that name.{meant}"


def _file_lines(settings: Settings, found: Findings) -> list[str]:
    folder = settings.config_dir
    if folder.is_dir():
        found.wrong += [
            f"{path} is not read. The files are named {', '.join(FILES)}."
            for path in sorted(folder.iterdir())
            if path.suffix in (".yaml", ".yml") and path.name not in FILES
        ]
    return [
        f"  {name:<{_WIDTH}}{folder / name if (folder / name).exists() else 'as shipped'}"
        for name in FILES
    ]


def _configuration(settings: Settings, found: Findings) -> Configuration | None:
    try:
        return load_configuration(settings.config_dir)
    except InvalidConfiguration as error:
        found.wrong += str(error).split("\n")
        return None


def _parts(
    settings: Settings, configuration: Configuration | None, found: Findings
) -> list[tuple[str, str]]:
    parts = [
        ("Reader", look_at_reader(settings, found)),
        ("Model", _model_text(settings, configuration)),
        ("Vector index", look_at_index(settings, found)),
    ]
    if configuration is not None:
        parts.append(("Owners", _owners_text(configuration)))
    parts.append(("Mail", look_at_mail(settings, found)))
    _require_writable(
        settings.tickets_dir, "Tickets are files there; change it or UNDERTONE_TICKETS_DIR.", found
    )
    parts += [
        ("Tickets", str(settings.tickets_dir)),
        ("Store", look_at_store(settings, found)),
        ("Python", sys.version.split()[0]),
    ]
    return parts


def _owners_text(configuration: Configuration) -> str:
    drivers, owners = configuration.taxonomy.drivers, configuration.owners
    gaps = [
        one.name
        for one in drivers
        if owners.find_owner(driver=one.name, touchpoint=one.touchpoint) is None
    ]
    text = f"{len(drivers) - len(gaps)} of {len(drivers)} drivers have one."
    if not gaps:
        return text
    named = ", ".join(gaps[:5]) + (" ..." if len(gaps) > 5 else "")
    return f"{text} No ticket is filed for: {named}. Name somebody in owners.yaml."


def _model_text(settings: Settings, configuration: Configuration | None) -> str:
    name = settings.find("UNDERTONE_MODEL")
    if not settings.uses_model:
        if name:
            return f"{name}: not used, OPENAI_API_KEY or OPENAI_BASE_URL is missing"
        return "none; no call leaves this machine"
    if configuration is None:
        return str(name)
    policy = configuration.policy.model
    if name in policy.prices:
        return f"{name}, at most {policy.daily_budget_usd:.2f} US dollars a day"
    return f"{name}, price not known, at most {policy.daily_tokens:,} tokens a day"
