"""Heads that are taught on a team's own labels: any labels, any language.

A *head* judges a text by its words and characters (TF-IDF) and by its vector, each with a
logistic regression of its own; the two are joined by a weight. Everything that is chosen
(strengths, weight, scale of confidence, the confidence under which the head abstains) is
chosen by cross-validation inside the rows that teach it: `lesson` fits and holds out, `choose`
chooses. `teach` makes a head, `head` is what answers, `file` keeps it as arrays and JSON:
opening one runs no code.

Texts are redacted before anything is counted, so no address, number or key of a customer
stands in a head; pieces of words that several texts share do.
"""
