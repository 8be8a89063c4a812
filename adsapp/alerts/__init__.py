"""Says when something needs a person: rules look once a minute, what they find is one incident, channels tell it.

`rules` say what is looked at, `watching` when, `course` what becomes of an incident, `channels` how it is told. The
first page shows the same things in the same words (`concerns`), whether or not a rule is on.
"""
