"""What a risk may cost: a seeded Monte Carlo simulation of frequency and severity, in the FAIR manner.

Pure computing on numpy and scipy, without I/O. This is the one place of the system where floats meet amounts: inputs
are whole fen, what happens in between is a model, and what comes out is rounded to fen and bears the name of an
estimate. Nothing that anybody is charged is made from it; premiums come from `domain/rating.py`.

- `distributions`: how many, how large, how long; with their own means, to be checked against
- `losses`: an extract of the loss database, with its version
- `calibration`, `fitting`: from an extract to the distributions of one risk, with the reasons
- `conditions`, `limits`: the policy's terms, in the order in which a claim goes through them
- `simulation`: years of one risk; `portfolio`: years of many, with shocks through what they depend on
- `measures`: average, deviation, VaR and TVaR, exceedance curve, shares
- `development`: triangles of claims brought to their ultimate, with Mack's standard error
- `bounds`: how much is simulated at a time
- `selfcheck`: the light form for one enterprise, in plain words
- `fingerprint`: what an answer was computed from
"""
