"""`GET /api/2.0/clients/{clientId}`: who a client is."""

from gateway.sandbox.representations.client import client as shown
from gateway.sandbox.responses import Answer, Question, item


def client(question: Question) -> Answer:
    life = question.world.life(question.account, question.ids["clientId"])
    return item(life and shown(life.story))
