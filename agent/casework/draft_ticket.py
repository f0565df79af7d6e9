"""The ticket: five lines that carry, then everything that proves them."""

from __future__ import annotations

from datetime import datetime

from agent.casework import words
from agent.casework.marks import Marks
from domain.issues import Casefile, Finding, Hypothesis, Money, ReachState
from domain.proposals import (
    Draft,
    EvidenceKind,
    ProposalKind,
    Section,
    SectionRole,
    Sentence,
)

QUOTES_SHOWN = 3


def draft_ticket(casefile: Casefile, *, answer_due_at: datetime) -> Draft:
    """Write the ticket for the owner from a casefile, each number with its mark."""
    marks = Marks()
    quotes = _quotes(casefile, marks)
    sections = (
        _symptom(casefile, quotes, marks),
        _who(casefile, marks),
        _money(casefile, marks),
        _cause(casefile, marks),
        _ask(casefile, marks, answer_due_at),
        quotes,
        _for_and_against(casefile, marks, against=False),
        _for_and_against(casefile, marks, against=True),
        _next_check(casefile, marks),
        _exposed(casefile, marks),
        _cases(casefile, marks),
        _why_you(casefile, marks),
    )
    return Draft(
        kind=ProposalKind.TICKET,
        subject=ticket_subject(casefile),
        sections=tuple(one for one in sections if one.sentences or one.table),
        evidence=marks.evidence,
    )


def ticket_subject(casefile: Casefile) -> str:
    """Give one line: the cause where it is proved, otherwise the symptom; and since when."""
    proved = casefile.diagnosis.proved
    if proved is None:
        return f"{casefile.issue.label}, since {words.moment(casefile.issue.opened_at)}"
    since = proved.started_at or casefile.issue.opened_at
    return f"{_stated(proved)} since {words.moment(since)}"


def _stated(hypothesis: Hypothesis) -> str:
    text = hypothesis.statement.strip().rstrip(".")
    return text[:1].upper() + text[1:]


def _quotes(casefile: Casefile, marks: Marks) -> Section:
    sentences = []
    for quote in casefile.quotes[:QUOTES_SHOWN]:
        number = marks.add(
            quote.text,
            kind=EvidenceKind.QUOTE,
            ref=quote.feedback_id,
            title=f"Report {quote.feedback_id}",
            explanation="Verbatim from the report; personal data is masked.",
            row_ids=(quote.key,),
        )
        source = [quote.customer_id and f"Customer {quote.customer_id}", quote.channel]
        source.append(words.moment(quote.at) if quote.at else None)
        remark = ", ".join(part for part in source if part) + f" · report {quote.feedback_id}"
        sentences.append(Sentence(text=f"“{quote.text}”", marks=(number,), remark=remark))
    heading = "In their words"
    return Section(
        key="quotes", heading=heading, role=SectionRole.QUOTES, sentences=tuple(sentences)
    )


def _symptom(casefile: Casefile, quotes: Section, marks: Marks) -> Section:
    reporters = casefile.reporter_count
    who = words.counted(reporters, "customer")
    verb = "reports" if reporters == 1 else "report"
    label = words.lower_first(casefile.issue.label.split(":")[0])
    text = f"{who} {verb}: {label}, since {words.moment(casefile.issue.opened_at)}."
    number = marks.add(
        text,
        kind=EvidenceKind.ROWS,
        ref=_reports_ref(casefile),
        title=f"{who} wrote",
        explanation=f"Customers with at least one report on this issue, counted over "
        f"{words.counted(len(casefile.report_keys), 'report')}.",
        row_ids=tuple(casefile.report_keys),
    )
    quoted = tuple(mark for one in quotes.sentences for mark in one.marks)
    told = Sentence(text=text, marks=(number, *quoted))
    return _line("symptom", "Symptom", told, *_in_common(casefile, marks))


def _in_common(casefile: Casefile, marks: Marks) -> tuple[Sentence, ...]:
    """What the reporters' records share, while no cause is proved."""
    if casefile.diagnosis.proved is not None or not casefile.issue.slice:
        return ()
    pairs = [f"{name.replace('_', ' ')} {value}" for name, value in casefile.issue.slice.items()]
    text = f"In common: {', '.join(pairs)}; that this is the cause is not proved."
    number = marks.add(
        text,
        kind=EvidenceKind.ROWS,
        ref=_reports_ref(casefile),
        title="What their records share",
        explanation="More of the reports that raised the alarm have these values than others do.",
        row_ids=tuple(casefile.report_keys),
    )
    return (Sentence(text=text, marks=(number,)),)


def _who(casefile: Casefile, marks: Marks) -> Section:
    reach = casefile.reach
    affected = reach.having(ReachState.AFFECTED)
    silent = reach.having(ReachState.SILENT)
    risk = reach.having(ReachState.AT_RISK)
    if reach.hit_query is None:
        text = "No operational record shows who else is hit; only the reports are known."
        return _line("who", "Who", Sentence(text=text))
    hit = words.count(len(affected) + len(silent))
    wrote, quiet = words.count(len(affected)), words.count(len(silent))
    text = f"{hit} affected, {wrote} of them wrote, {quiet} did not."
    elsewhere = casefile.wrote_elsewhere
    beyond = f" {elsewhere} wrote about it outside this issue." if elsewhere else ""
    hit_mark = marks.add(
        text,
        kind=EvidenceKind.ROWS,
        ref=reach.hit_query.id,
        title=f"{hit} affected",
        explanation=f"{_outcome(casefile)}; {wrote} wrote + {quiet} silent = {hit}. "
        f"Counted from rows.{beyond}",
        row_ids=tuple(id_ for one in (*affected, *silent) for id_ in one.fact_ids),
    )
    sentences = [Sentence(text=text, marks=(hit_mark,))]
    if risk and reach.risk_query is not None:
        sentences.append(_risk_sentence(casefile, marks))
    return _line("who", "Who", *sentences)


def _risk_sentence(casefile: Casefile, marks: Marks) -> Sentence:
    risk = casefile.reach.having(ReachState.AT_RISK)
    query = casefile.reach.risk_query
    assert query is not None  # noqa: S101
    hours = [one.hours_to_impact for one in risk if one.hours_to_impact is not None]
    claim = f"{words.count(len(risk))} more at risk"
    tail = ""
    if hours:
        tail = f", the first in {words.span(min(hours))}, the last in {words.span(max(hours))}"
    number = marks.add(
        claim + tail,
        kind=EvidenceKind.ROWS,
        ref=query.id,
        title=claim,
        explanation="Same cause, not decided yet. Hours count from the latest record, "
        f"{words.moment(casefile.as_of)}.",
        row_ids=tuple(id_ for one in risk for id_ in one.fact_ids),
    )
    return Sentence(text=f"{claim}{tail}.", marks=(number,))


def _outcome(casefile: Casefile) -> str:
    proved = casefile.diagnosis.proved
    return words.sentence(proved.outcome).rstrip(".") if proved and proved.outcome else "Hit"


def _money(casefile: Casefile, marks: Marks) -> Section:
    return _line(
        "money", "Money", *(_money_sentence(casefile, one, marks) for one in casefile.impact.money)
    )


def _money_sentence(casefile: Casefile, amount: Money, marks: Marks) -> Sentence:
    claim = f"{words.money(amount.amount_minor, amount.currency)} {amount.meaning}"
    query = amount.query_id or (casefile.reach.hit_query.id if casefile.reach.hit_query else None)
    number = marks.add(
        claim,
        kind=EvidenceKind.ROWS,
        ref=query or _reports_ref(casefile),
        title=claim,
        explanation="Sum over the affected rows, in minor units.",
        row_ids=tuple(
            id_
            for one in casefile.reach.customers
            if one.state is not ReachState.AT_RISK and one.amount_minor
            for id_ in one.fact_ids
        ),
    )
    return Sentence(text=words.sentence(claim), marks=(number,))


def _cause(casefile: Casefile, marks: Marks) -> Section:
    proved = casefile.diagnosis.proved
    if proved is None:
        reason = casefile.diagnosis.unknown_reason or "no difference in the records explains it"
        return _line(
            "cause", "Cause", Sentence(text=f"Not known: {words.lower_first(reason.rstrip('.'))}.")
        )
    since = proved.started_at or casefile.issue.opened_at
    statement = f"{_stated(proved)} since {words.moment(since)}"
    likely = f"{words.likelihood(proved.confidence)}, {proved.confidence:.2f}"
    number = _comparison_mark(casefile, f"{statement}. {likely}", marks)
    return _line(
        "cause",
        "Cause",
        Sentence(text=f"{statement}.", marks=(number,)),
        Sentence(text=f"{likely}.", marks=(number,)),
    )


def _comparison_mark(casefile: Casefile, claim: str, marks: Marks) -> int:
    proved = casefile.diagnosis.proved
    comparison = proved.comparison if proved else None
    if comparison is None:
        return marks.add(
            claim,
            kind=EvidenceKind.ROWS,
            ref=_reports_ref(casefile),
            title="The reports",
            row_ids=tuple(casefile.report_keys),
        )
    exposed = comparison.cohorts[0]
    explanation = (
        f"{words.count(exposed.hits)} of {words.count(exposed.exposed)} {comparison.outcome}. "
        f"Ratio {comparison.ratio:.1f} ({comparison.ratio_low:.1f}–{comparison.ratio_high:.1f}), "
        f"after {words.counted(comparison.combinations_tried, 'combination')} tried."
    )
    return marks.add(
        claim,
        kind=EvidenceKind.COMPARISON,
        ref=exposed.hits_query_id,
        title="Exposed against not exposed",
        explanation=explanation,
    )


def _ask(casefile: Casefile, marks: Marks, due: datetime) -> Section:
    proved = casefile.diagnosis.proved
    what = (
        "Confirm or refute this cause, stop it, and answer with the remedy and its date"
        if proved
        else "Say what changed on your side, and answer with cause, remedy and date"
    )
    claim = f"By {words.moment(due)} UTC"
    number = marks.add(
        claim,
        kind=EvidenceKind.POLICY,
        ref="answer_hours",
        title="Time to answer",
        explanation="From policy.yaml, counted from when the draft was made.",
    )
    return _line(
        "ask", "Ask", Sentence(text=f"{what}."), Sentence(text=f"{claim}.", marks=(number,))
    )


def _for_and_against(casefile: Casefile, marks: Marks, *, against: bool) -> Section:
    hypotheses = casefile.diagnosis.hypotheses[:1]
    findings = [
        finding
        for one in hypotheses
        for finding in (one.findings_against if against else one.findings_for)
    ]
    return Section(
        key="against" if against else "for",
        heading="Against it" if against else "For it",
        role=SectionRole.AGAINST if against else SectionRole.FOR,
        sentences=tuple(_finding_sentence(casefile, one, marks) for one in findings),
    )


def _finding_sentence(casefile: Casefile, finding: Finding, marks: Marks) -> Sentence:
    text = words.sentence(finding.text)
    rows: tuple[str, ...] = (*finding.fact_ids, *finding.keys)
    number = marks.add(
        text,
        kind=EvidenceKind.FACT if finding.fact_ids and not finding.query_id else EvidenceKind.ROWS,
        ref=finding.query_id or next(iter(rows), _reports_ref(casefile)),
        title=text,
        explanation="Counted from rows." if finding.query_id else "",
        row_ids=rows,
    )
    return Sentence(text=text, marks=(number,))


def _next_check(casefile: Casefile, marks: Marks) -> Section:
    check = casefile.diagnosis.next_check
    sentences: tuple[Sentence, ...] = ()
    if check:
        text = words.sentence(f"Cheapest next check: {check}")
        proved = casefile.diagnosis.proved
        comparison = proved.comparison if proved else None
        number = marks.add(
            text,
            kind=EvidenceKind.ROWS,
            ref=comparison.cohorts[0].hits_query_id if comparison else _reports_ref(casefile),
            title="Where to look first",
            row_ids=() if comparison else tuple(casefile.report_keys),
        )
        sentences = (Sentence(text=text, marks=(number,)),)
    return Section(key="check", heading=None, role=SectionRole.CHECK, sentences=sentences)


def _reports_ref(casefile: Casefile) -> str:
    return f"reports:{casefile.issue.id}"


def _exposed(casefile: Casefile, marks: Marks) -> Section:
    proved = casefile.diagnosis.proved
    heading = "Exposed against not exposed"
    if proved is None or proved.comparison is None:
        return Section(key="exposed", heading=heading, role=SectionRole.TABLE)
    comparison = proved.comparison
    rows = [(comparison.unit.capitalize(), "Hit", "Of", "Share", "95 % interval")]
    for cohort in comparison.cohorts:
        interval = f"{words.percent(cohort.low)}–{words.percent(cohort.high)}"
        rows.append(
            (
                cohort.label,
                words.count(cohort.hits),
                words.count(cohort.exposed),
                words.percent(cohort.rate),
                interval,
            )
        )
    ratio = (
        f"Ratio {comparison.ratio:.1f}, 95 % interval "
        f"{comparison.ratio_low:.1f}–{comparison.ratio_high:.1f}"
    )
    number = _comparison_mark(casefile, ratio, marks)
    return Section(
        key="exposed",
        heading=f"{heading}: {comparison.outcome}",
        role=SectionRole.TABLE,
        sentences=(Sentence(text=f"{ratio}.", marks=(number,)),),
        table=tuple(rows),
    )


def _cases(casefile: Casefile, marks: Marks) -> Section:
    outcome = {"held": "the fix held", "returned": "it came back", "unknown": "end not known"}
    sentences = []
    for similar in casefile.similar:
        case = similar.case
        parts = [case.title.rstrip("."), case.fix and f"fix: {case.fix.rstrip('.')}"]
        text = "; ".join(part for part in parts if part) + f"; {outcome[case.outcome]}."
        agrees = ", ".join((*similar.facts, *similar.words[:5]))
        number = marks.add(
            text,
            kind=EvidenceKind.CASE,
            ref=case.id,
            title=case.title,
            explanation=f"Likeness {similar.score:.2f}. Agrees in: {agrees}.",
        )
        sentences.append(Sentence(text=text, marks=(number,)))
    return Section(
        key="cases",
        heading="Similar past cases",
        role=SectionRole.CASES,
        sentences=tuple(sentences),
    )


def _why_you(casefile: Casefile, marks: Marks) -> Section:
    owner = casefile.owner
    if owner is None:
        text = "Nobody owns this touchpoint in owners.yaml."
        return Section(
            key="why_you",
            heading="Why you",
            role=SectionRole.WHY_YOU,
            sentences=(Sentence(text=text),),
        )
    text = f"{owner.person}, {owner.department}, is accountable for “{owner.match}”."
    number = marks.add(
        text,
        kind=EvidenceKind.POLICY,
        ref=f"owners.yaml: {owner.match}",
        title="Ownership map",
        explanation=f"The first entry of owners.yaml that matches is “{owner.match}”.",
    )
    return Section(
        key="why_you",
        heading="Why you",
        role=SectionRole.WHY_YOU,
        sentences=(Sentence(text=text, marks=(number,)),),
    )


def _line(key: str, heading: str, *sentences: Sentence) -> Section:
    return Section(key=key, heading=heading, role=SectionRole.LINE, sentences=sentences)
