"""The commands of this service, by subject: each gets what it decides on, lets the domain decide, and records it.

- `products`: create, revise, publish, retire
- `treaties`: create
- `submissions`: create, request_assessment, quote, release, close_subjectivity, decline
- `policies`: bind, endorse, cancel
- `certificates`: issue one or many, withdraw, end with the master
- `firing`: what timers do
- `public`: what a policy promises in its public form, for announcements and answers alike
"""
