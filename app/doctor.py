"""`doctor`: what is configured, what is missing, what to do."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import NamedTuple

from agent.config.load import FILES, load_configuration
from app.settings import SETTINGS, Setting, Settings
from connectors.smtp.settings import read_sender, read_server
from domain.errors import EmbedderUnavailable, InvalidConfiguration, UndertoneError
from domain.people import Configuration
from vectorstore.e5.weights import MODEL_ID, find_weight_file


class DoctorReport(NamedTuple):
    """Lines for a person, and the exit code: 0 when everything that is set is usable."""

    lines: list[str]
    exit_code: int


def examine(settings: Settings) -> DoctorReport:
    """Look at a home and its environment without changing anything."""
    lines = [f"Home          {settings.home}{'' if settings.home.is_dir() else ' (not made yet)'}"]
    problems: list[str] = []
    lines += ["", "Settings"]
    lines += [_setting_line(setting, settings) for setting in SETTINGS]
    lines += ["", "Files"]
    configuration = _configuration(settings, lines, problems)
    lines += ["", "Parts"]
    lines += _parts(settings, configuration, problems)
    lines += ["", *(f"Mend: {problem}" for problem in problems)] if problems else ["", "All well."]
    return DoctorReport(lines, 2 if problems else 0)


def _setting_line(setting: Setting, settings: Settings) -> str:
    value = settings.find(setting.name)
    if value is None:
        return f"  {setting.name:<24} not set. {setting.when_absent}"
    shown = "set, not shown" if setting.secret else value
    return f"  {setting.name:<24} {shown} (environment)"


def _configuration(
    settings: Settings, lines: list[str], problems: list[str]
) -> Configuration | None:
    for name in FILES:
        own = settings.config_dir / name
        lines.append(f"  {name:<24} {own if own.is_file() else 'as shipped'}")
    try:
        return load_configuration(settings.config_dir)
    except InvalidConfiguration as error:
        problems += str(error).split("\n")
        return None


def _parts(
    settings: Settings, configuration: Configuration | None, problems: list[str]
) -> list[str]:
    found = [_reader_line(problems), _model_line(settings, configuration)]
    if configuration is not None:
        touchpoints = {one.touchpoint or one.name for one in configuration.taxonomy.drivers}
        owned = sum(
            configuration.owners.find_owner(driver=one.name, touchpoint=one.touchpoint) is not None
            for one in configuration.taxonomy.drivers
        )
        total = len(configuration.taxonomy.drivers)
        gap = "" if owned == total else " Tickets for the others wait until owners.yaml names one."
        found.append(
            f"  Owners                   {owned} of {total} drivers, "
            f"{len(touchpoints)} touchpoints.{gap}"
        )
    found.append(_mail_line(settings, problems))
    found.append(f"  Tickets                  {settings.tickets_dir}")
    version = sqlite3.sqlite_version_info
    if version < (3, 35):
        problems.append(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed.")
    found.append(f"  Store                    {_store_text(settings)}")
    found.append(f"  Python                   {sys.version.split()[0]}")
    return found


def _store_text(settings: Settings) -> str:
    if settings.find("UNDERTONE_DATABASE_URL"):
        return "the database of UNDERTONE_DATABASE_URL"
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    size = f"{path.stat().st_size / 2**20:.1f} MB" if path.is_file() else "not made yet"
    return f"{path} ({size}), SQLite {sqlite3.sqlite_version}"


def _reader_line(problems: list[str]) -> str:
    try:
        find_weight_file()
    except EmbedderUnavailable as error:
        problems.append(str(error))
        return "  Reader                   local engine, words only"
    return f"  Reader                   local engine, {MODEL_ID}"


def _model_line(settings: Settings, configuration: Configuration | None) -> str:
    name = settings.find("UNDERTONE_MODEL")
    if not settings.uses_model:
        if name:
            return f"  Model                    {name}: not used, a key or a base URL is missing"
        return "  Model                    none; no call leaves this machine"
    priced = configuration is not None and name in configuration.policy.model.prices
    price = "price in policy.yaml" if priced else "price not known, token limits hold"
    return f"  Model                    {name}, {price}"


def _mail_line(settings: Settings, problems: list[str]) -> str:
    server, sender = settings.find("UNDERTONE_SMTP_URL"), settings.find("UNDERTONE_MAIL_FROM")
    if not server or not sender:
        missing = " and ".join(
            name
            for name, value in (("UNDERTONE_SMTP_URL", server), ("UNDERTONE_MAIL_FROM", sender))
            if not value
        )
        return f"  Mail                     not set up: {missing} is missing"
    try:
        where, who = read_server(server), read_sender(sender).address
    except UndertoneError as error:
        problems.append(str(error))
        return "  Mail                     not usable"
    return f"  Mail                     {where!r}, from {who}"
