"""LIFE: requests for quote from birth to outcome. What shall we do?

The only package that knows the other three. A noun belongs here if it is born, changes and dies: Rfq, Quote,
Block, Panel, Decision, Event, Effect. The thinking part (`rfq.desk`) is pure; the edges around it do the I/O.
"""
