package com.example.parlor

import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.viewModels
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.darkColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.viewinterop.AndroidView
import androidx.lifecycle.compose.LifecycleStartEffect
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import androidx.media3.ui.PlayerView

/** A stream, and its room's hype train over it. */
class RoomActivity : ComponentActivity() {
    private val model: RoomModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent {
            MaterialTheme(darkColorScheme()) { RoomScreen(model) }
        }
    }
}

@Composable
private fun RoomScreen(model: RoomModel) {
    val train by model.train.collectAsStateWithLifecycle()

    LaunchedEffect(model) { reportPlayhead(model.player, model.client) }
    LifecycleStartEffect(model) {
        model.player.play()
        onStopOrDispose { model.player.pause() }
    }

    Box(Modifier.fillMaxSize()) {
        AndroidView(
            factory = { context -> PlayerView(context).apply { player = model.player } },
            modifier = Modifier.fillMaxSize(),
        )
        train?.let { TrainCard(it, Modifier.align(Alignment.BottomCenter)) }
    }
}
