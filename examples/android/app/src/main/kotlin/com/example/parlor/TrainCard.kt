package com.example.parlor

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Card
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import parlor.HypeTrain
import parlor.HypeTrainPhase

/** A hype train that gathers or runs. Nothing once it has ended, or in a phase that is new. */
@Composable
fun TrainCard(train: HypeTrain, modifier: Modifier = Modifier) {
    if (train.phase == HypeTrainPhase.ENDED || train.phase == HypeTrainPhase.UNKNOWN) return

    Card(modifier.padding(16.dp).fillMaxWidth()) {
        Column(Modifier.padding(16.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
            Text(headline(train), style = MaterialTheme.typography.titleMedium)
            LinearProgressIndicator(progress = { share(train) }, modifier = Modifier.fillMaxWidth())
            train.nextReward?.let { Text("Next: $it", style = MaterialTheme.typography.bodySmall) }
        }
    }
}

private fun headline(train: HypeTrain): String = when (train.phase) {
    HypeTrainPhase.APPROACHING -> "Hype train approaching: ${train.kickoffEventsNeeded} to go"
    HypeTrainPhase.RUNNING, HypeTrainPhase.ENDED, HypeTrainPhase.UNKNOWN -> "Hype train, level ${train.level}"
}

private fun share(train: HypeTrain): Float =
    if (train.goal > 0) (train.progress.toFloat() / train.goal).coerceIn(0f, 1f) else 0f
