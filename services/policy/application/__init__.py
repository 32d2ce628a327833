"""The commands of this service, by subject: each gets what it decides on, lets the domain decide, and records it.

- `products`: create, revise, publish, retire
- `treaties`: create
- `submissions`: create, request_assessment, quote, release, close_subjectivity, decline
- `policies`: bind, endorse, cancel
- `certificates`: issue one or many, withdraw, end with the master
- `questionnaires`: create, revise, publish, retire
- `authorities`: grant, revoke
- `accumulations`: set_capacity; and `follow_exposure`, with which every command ends that changes cover
- `lives`: reinstate, lapse, extend_reporting; and what billing's announcements do
- `renewals`: begin; `predecessors`: what a quote and a binding ask of the policy that is renewed
- `firing`: what timers do
- `public`: what a policy promises in its public form, for announcements and answers alike
"""
